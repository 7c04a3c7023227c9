package resource_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

const door = `
key "orders" {}
network_rule "office" {
  name              = "office"
  source_private_ip = ["10.0.0.0/8", "127.0.0.1"]
}
access_policy "orders" {
  name          = "orders"
  permissions   = ["RbacPermission/Template/CryptoServiceKeyUser"]
  resources     = ["key/${key.orders.id}"]
  network_rules = [network_rule.office.name]
}
application_access_point "orders" {
  name        = "orders-app"
  description = "one"
  policies    = [access_policy.orders.name]
}
`

func TestAccessComesToLifeChangesAndGoes(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply(door)
	p, err := r.manager.DescribePolicy(ctx, "orders")
	r.must(err)
	if *p.InstanceID != r.server.Ready().Instance.ID || !slices.Equal(p.NetworkRules, []string{"office"}) || !slices.Equal(p.Resources, []string{"key/" + r.id("key.orders")}) {
		t.Errorf("policy %+v", p)
	}
	changed := r.apply(replace(t, door, `"127.0.0.1"]`, `"127.0.0.2"]`, "CryptoServiceKeyUser", "CryptoServiceSecretUser", `["key/${key.orders.id}"]`, `["secret/*"]`, `"one"`, `"two"`))
	want := []string{"~ network_rule.office UpdateNetworkRule", "~ access_policy.orders UpdatePolicy", "~ application_access_point.orders UpdateApplicationAccessPoint"}
	if got := changes(changed); !slices.Equal(got, want) {
		t.Errorf("changes %q", got)
	}
	// The policy no longer names the rule, whose block goes: the policy is changed first.
	r.apply(replace(t, door, `network_rules = [network_rule.office.name]`, "network_rules = null", "network_rule \"office\" {\n  name              = \"office\"\n  source_private_ip = [\"10.0.0.0/8\", \"127.0.0.1\"]\n}\n", ""))
	if rules, err := r.manager.ListNetworkRules(ctx); err != nil || slices.Contains(rules, "office") {
		t.Errorf("rules %q, %v", rules, err)
	}
	gone := r.apply("kmsplan {\n  limits {\n    deletions = 1\n  }\n}\nkey \"orders\" {}\nremoved {\n  from   = application_access_point.orders\n  action = \"delete\"\n}\n")
	if got := changes(gone); len(got) != 2 || !strings.HasPrefix(got[0], "- application_access_point.orders") && !strings.HasPrefix(got[1], "- application_access_point.orders") {
		t.Errorf("changes %q", got)
	}
	if points, err := r.manager.ListApplicationAccessPoints(ctx); err != nil || slices.Contains(points, "orders-app") {
		t.Errorf("points %q, %v", points, err)
	}
}

// A plan of a stack that has nothing of the kind makes none of its calls.
func TestWhoHasNoAccessPointsIsNotAskedForThem(t *testing.T) {
	r := newRig(t)
	r.apply(`key "k" {}`)
	for _, op := range []string{"ListNetworkRules", "ListPolicies", "ListApplicationAccessPoints", "ListClientKeys"} {
		if n := r.calls(op); n > 0 {
			t.Errorf("%s: %d calls", op, n)
		}
	}
}

// What others hold is neither taken nor deleted from under them.
func TestWhatIsStillNamedIsRefusedWithItsUsers(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply(door)
	r.must(r.manager.CreateApplicationAccessPoint(ctx, kms.AccessPoint{Name: "theirs", Policies: []string{"orders"}}))
	_, _, p, _ := r.plan("kmsplan {\n  limits {\n    deletions = 1\n  }\n}\nkey \"orders\" {}\nremoved {\n  from   = application_access_point.orders\n  action = \"delete\"\n}\n")
	// The rule is named by the policy that stays.
	if len(p.Refusals) != 2 || p.Refusals[0].Guard != plan.GuardStillInUse || !strings.Contains(p.Refusals[0].Reason, "theirs (not managed here)") {
		t.Errorf("refusals %+v", p.Refusals)
	}
	_, err := r.manager.CreateClientKey(ctx, kms.CreateClientKeyInput{AccessPoint: "orders-app", Password: kms.NewSecret("12345678aB")})
	r.must(err)
	_, _, p, _ = r.plan(strings.Split(door, "application_access_point")[0] + "kmsplan {\n  limits {\n    deletions = 1\n  }\n}\nremoved {\n  from   = application_access_point.orders\n  action = \"delete\"\n}\n")
	if len(p.Refusals) != 1 || !strings.Contains(p.Refusals[0].Reason, "client key KAAP.") {
		t.Errorf("refusals %+v", p.Refusals)
	}
	r.must(r.manager.CreateNetworkRule(ctx, kms.NetworkRule{Name: "lan", Sources: []string{"10.1.0.0/16"}, Type: ptr("Private")}))
	_, _, p, _ = r.plan(door + "network_rule \"lan\" {\n  name = \"lan\"\n  source_private_ip = [\"10.2.0.0/16\"]\n}\n")
	if len(p.Refusals) != 1 || p.Refusals[0].Guard != plan.GuardNameTaken {
		t.Errorf("refusals %+v", p.Refusals)
	}
	adopted := r.apply(door + "import {\n  to = network_rule.lan\n  id = \"lan\"\n}\nnetwork_rule \"lan\" {\n  name = \"lan\"\n  source_private_ip = [\"10.2.0.0/16\"]\n}\n")
	if got := changes(adopted); !slices.Equal(got, []string{"& network_rule.lan UpdateNetworkRule"}) {
		t.Errorf("changes %q", got)
	}
}

func ptr(s string) *string { return &s }

// After at most one more apply everything is as declared, and nothing is called foreign that this stack made.
func TestLostAnswersOfAccess(t *testing.T) {
	other := replace(t, door, `"127.0.0.1"]`, `"127.0.0.2"]`, "CryptoServiceKeyUser", "CryptoServiceSecretUser", `"one"`, `"two"`)
	none := "kmsplan {\n  limits {\n    deletions = 1\n  }\n}\nkey \"orders\" {}\nremoved {\n  from   = application_access_point.orders\n  action = \"delete\"\n}\n"
	server := emulatortest.New(t)
	for _, of := range []string{"NetworkRule", "Policy", "ApplicationAccessPoint"} {
		for op, step := range map[string][2]string{"Create": {"", door}, "Update": {door, other}, "Delete": {door, none}} {
			for _, fault := range []string{"drop-after-commit", "reject-after-commit", "drop-before"} {
				t.Run(op+of+"/"+fault, func(t *testing.T) {
					r := rigOn(t, server)
					if step[0] != "" {
						r.apply(step[0])
					}
					r.fault(op + of + ":" + fault + ":1")
					r.try(step[1])
					r.apply(step[1])
				})
			}
		}
	}
}
