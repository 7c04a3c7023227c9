package view

import (
	"bytes"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// A policy is shown by the elements that differ, whatever the order in which they stand.
func TestPoliciesAreShownByElement(t *testing.T) {
	before := `{"Version":"1","Statement":[{"Sid":"admins","Effect":"Allow","Action":["kms:*"],"Principal":{"RAM":["r1"]},"Resource":["*"]},{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt"],"Principal":{"RAM":["r2"]},"Resource":["*"]},{"Effect":"Deny","Action":"kms:Sign"}]}`
	after := `{"Version":"1","Statement":[{"Effect":"Deny","Action":["kms:Sign"]},{"Effect":"Allow","Action":["kms:Decrypt"],"Principal":{"RAM":["r2"]},"Resource":["*"]},{"Sid":"admins","Effect":"Allow","Action":["kms:*"],"Principal":{"RAM":["r1","r3"]},"Resource":["*"]}]}`
	var b bytes.Buffer
	(&Terminal{Out: &b, Err: &b, Width: 78}).Plan(&plan.Plan{Created: today, Changes: []plan.Change{{
		Addr: addr.Resource("key", "k"), Kind: "key", Action: plan.Update, Diff: []plan.AttrDiff{{Name: "policy", Before: text(before), After: text(after)}},
	}}})
	want := `      ~ policy = jsonencode({
          ~ "Statement" = {
              ~ "admins" = {
                  ~ "Principal" = {
                      ~ "RAM" = [
                          + "r3",
                            # (1 unchanged element hidden)
                        ]
                    }
                    # (4 unchanged elements hidden)
                }
              ~ "statement 1" = {
                  ~ "Action" = [
                      - "kms:Encrypt",
                        # (1 unchanged element hidden)
                    ]
                    # (3 unchanged elements hidden)
                }
                # (1 unchanged element hidden)
            }
            # (1 unchanged element hidden)
        })
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}
