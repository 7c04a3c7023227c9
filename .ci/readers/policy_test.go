package readers

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"
)

const (
	protected   = "key \"orders\" {\n  description         = \"Orders\"\n  deletion_protection = true\n}\n"
	unprotected = "key \"orders\" {\n  description = \"Orders\"\n}\n"
)

// TestThePoliciesJudgePlans holds plans against examples/policy, as conftest does: a plan passes that the package main denies nothing of.
func TestThePoliciesJudgePlans(t *testing.T) {
	for name, c := range map[string]struct {
		applied, planned string
		denied           string
	}{
		"a protected key is made":    {planned: protected},
		"an unprotected key is made": {planned: unprotected, denied: "key.orders: deletion_protection must be true"},
		"the protection is taken away": {
			applied: protected, planned: strings.Replace(protected, "true", "false", 1), denied: "key.orders: deletion_protection must be true",
		},
		"another attribute of a protected key changes": {applied: protected, planned: strings.Replace(protected, "Orders", "All orders", 1)},
		"nothing changes":    {applied: protected, planned: protected},
		"a key is forgotten": {applied: protected, planned: removed("forget"), denied: "key.orders: no key may leave (forget, gateway dev)"},
		"a key is retired":   {applied: strings.Replace(protected, "true", "false", 1), planned: removed("retire") + "kmsplan {\n  limits {\n    deletions = 1\n  }\n}\n", denied: "key.orders: no key may leave (retire, gateway dev)"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.applied != "" {
				w.write("main.kms.hcl", c.applied)
				w.apply()
			}
			w.write("main.kms.hcl", c.planned)
			denied := w.judge(w.plan())
			if c.denied == "" && len(denied) > 0 || c.denied != "" && !strings.Contains(strings.Join(denied, "\n"), c.denied) {
				t.Errorf("denied: %q, want %q", denied, c.denied)
			}
		})
	}
}

func removed(action string) string {
	return "removed {\n  from   = key.orders\n  action = \"" + action + "\"\n}\n"
}

// judge returns what the policies deny of a plan.
func (w world) judge(plan []byte) (denied []string) {
	w.Helper()
	var input any
	if err := json.Unmarshal(plan, &input); err != nil {
		w.Fatal(err)
	}
	got, err := rego.New(rego.Query("data.main.deny"), rego.Load([]string{filepath.Join(examples, "policy")}, nil), rego.Input(input)).Eval(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	if len(got) != 1 {
		w.Fatalf("the policies said %v", got)
	}
	list, _ := got[0].Expressions[0].Value.([]any)
	for _, message := range list {
		denied = append(denied, message.(string))
	}
	return denied
}
