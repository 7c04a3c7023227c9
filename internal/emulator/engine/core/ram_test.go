package core

import (
	"net/netip"
	"strings"
	"testing"
)

const ramHead = `{"Version":"1","Statement":[`

func allow(action, resource, more string) string {
	return `{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"` + more + `}`
}

// A statement that denies decides; else one must allow, by patterns and conditions that are known.
func TestRAMPolicies(t *testing.T) {
	mine := ramTarget{arn: "acs:kms:cn-hangzhou:1:key/key-a", tags: map[string]string{"team": "orders"}}
	for _, c := range []struct {
		name       string
		statements []string
		want       bool
	}{
		{"exact", []string{allow("kms:DescribeKey", mine.arn, "")}, true},
		{"action in any case", []string{allow("KMS:describekey", mine.arn, "")}, true},
		{"wildcards", []string{allow("kms:Desc*", "acs:kms:*:*:key/key-?", "")}, true},
		{"another action", []string{allow("kms:DisableKey", "*", "")}, false},
		{"another key", []string{allow("kms:*", "acs:kms:cn-hangzhou:1:key/key-b", "")}, false},
		{"the container is not its keys", []string{allow("kms:*", "acs:kms:cn-hangzhou:1:key", "")}, false},
		{"a dot is a dot", []string{allow("kms:*", "acs.kms:*", "")}, false},
		{"denied before or after", []string{allow("kms:*", "*", ""), strings.Replace(allow("kms:DescribeKey", "*", ""), "Allow", "Deny", 1)}, false},
		{"a list of actions", []string{`{"Effect":"Allow","Action":["kms:A","kms:DescribeKey"],"Resource":["x","*"]}`}, true},
		{"its tag", []string{allow("kms:*", "*", `,"Condition":{"StringEquals":{"kms:tag/team":"orders"}}`)}, true},
		{"another tag", []string{allow("kms:*", "*", `,"Condition":{"StringEquals":{"kms:tag/team":["sales","x"]}}`)}, false},
		{"no tag", []string{allow("kms:*", "*", `,"Condition":{"StringLike":{"kms:tag/cost":"*"}}`)}, false},
		{"a tag's pattern", []string{allow("kms:*", "*", `,"Condition":{"StringLike":{"kms:tag/team":"ord*"}}`)}, true},
		{"not a tag", []string{allow("kms:*", "*", `,"Condition":{"StringNotEquals":{"kms:tag/team":"orders"}}`)}, false},
		{"from there", []string{allow("kms:*", "*", `,"Condition":{"IpAddress":{"acs:SourceIp":["10.0.0.0/8","127.0.0.1"]}}`)}, true},
		{"from elsewhere", []string{allow("kms:*", "*", `,"Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}`)}, false},
		{"unknown conditions allow nothing", []string{allow("kms:*", "*", `,"Condition":{"Bool":{"acs:SecureTransport":"true"}}`)}, false},
		{"and deny all the same", []string{allow("kms:*", "*", ""), strings.Replace(allow("kms:*", "*", `,"Condition":{"Bool":{"acs:SecureTransport":"false"}}`), "Allow", "Deny", 1)}, false},
	} {
		list, err := RAMPolicies([]string{ramHead + strings.Join(c.statements, ",") + "]}"})
		if err != nil {
			t.Fatal(c.name, err)
		}
		call := &Call{RAM: list, Source: netip.MustParseAddr("127.0.0.1")}
		if got := call.ramAllows("DescribeKey", mine); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	for _, wrong := range []string{``, `[]`, `{"Version":"1"}`, ramHead + `]}`, ramHead + `{"Effect":"allow","Action":"*","Resource":"*"}]}`, ramHead + `{"Effect":"Allow","Action":"*"}]}`, `{"Version":"2","Statement":[` + allow("*", "*", "") + `]}`} {
		if _, err := RAMPolicies([]string{wrong}); err == nil {
			t.Errorf("taken for a policy: %s", wrong)
		}
	}
}
