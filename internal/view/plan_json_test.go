package view

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// text is a short way to a string.
func text(s string) cty.Value { return cty.StringVal(s) }

// wholePlan has one change of every form.
func wholePlan() *plan.Plan {
	unknown := cty.UnknownVal(cty.String)
	secret := plan.Whole{
		After:     cty.ObjectVal(map[string]cty.Value{"name": text("db"), "arn": unknown, "tags": cty.MapVal(map[string]cty.Value{"key": unknown, "team": text("a")})}),
		WriteOnly: []string{"value"},
	}
	key := plan.Whole{
		Before: map[string]cty.Value{"id": text("key-1"), "description": text("old"), "spec": text("Aliyun_AES_256")},
		After:  cty.ObjectVal(map[string]cty.Value{"id": text("key-1"), "description": text("new"), "spec": text("Aliyun_AES_256")}),
	}
	alias := plan.Whole{Before: map[string]cty.Value{"name": text("alias/app"), "key": text("key-1")}}
	inModule := addr.Resource("key", "m").WithKey("eu")
	inModule.Module = "module.a"
	return &plan.Plan{
		Created: today, Writer: "1",
		Changes: []plan.Change{
			{Addr: addr.Resource("key", "k"), Kind: "key", Gateway: "hz", Action: plan.Update, ID: "key-1", Whole: key, Diff: []plan.AttrDiff{{Name: "description", Before: text("old"), After: text("new")}}},
			{Addr: addr.Resource("secret", "s"), Kind: "secret", Gateway: "sh", Action: plan.Create, Whole: secret, Diff: []plan.AttrDiff{{Name: "value", WriteOnly: true}}},
			{Addr: addr.Resource("alias", "app"), Kind: "alias", Gateway: "hz", Action: plan.Delete, ID: "alias/app", Whole: alias},
			{Addr: inModule, Kind: "key", Gateway: "hz", Action: plan.NoOp, ID: "key-2", Whole: plan.Whole{Before: map[string]cty.Value{"id": text("key-2")}, After: cty.ObjectVal(map[string]cty.Value{"id": text("key-2")})}},
			{Addr: addr.Resource("key", "old"), Kind: "key", Gateway: "hz", Action: plan.Retire, ID: "key-3", Calls: []string{"DisableKey"}},
		},
		Drift:         []plan.Drift{{Addr: addr.Resource("key", "k"), Kind: "key", ID: "key-1", Diff: []plan.AttrDiff{{Name: "description", Before: text("older"), After: text("old")}}}},
		Outputs:       []plan.OutputChange{{Name: "changed", Before: text("a"), After: unknown}},
		SteadyOutputs: map[string]cty.Value{"steady": text("same")},
	}
}

// Case S10. TestPlanJSONIsWhole reads the plan's JSON with the reader that Terraform's own tools use, and finds the
// unchanged attributes, what is not known and what is not shown, where each object is, and the values before and after.
func TestPlanJSONIsWhole(t *testing.T) {
	var b bytes.Buffer
	NewDocument(&Terminal{Out: &b, Err: &b}, "1.2.3").Plan(wholePlan())
	var p tfjson.Plan
	if err := p.UnmarshalJSON(b.Bytes()); err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	change := map[string]*tfjson.Change{}
	for _, c := range p.ResourceChanges {
		change[c.Address] = c.Change
	}
	type object = map[string]any
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"before of an update", change["key.k"].Before, object{"id": "key-1", "description": "old", "spec": "Aliyun_AES_256"}},
		{"after of an update", change["key.k"].After, object{"id": "key-1", "description": "new", "spec": "Aliyun_AES_256"}},
		{"before of a create", change["secret.s"].Before, nil},
		{"after of a create", change["secret.s"].After, object{"name": "db", "tags": object{"team": "a"}}},
		{"unknown of a create", change["secret.s"].AfterUnknown, object{"arn": true, "tags": object{"key": true}}},
		{"sensitive of a create", change["secret.s"].AfterSensitive, object{"value": true}},
		{"before of a delete", change["alias.app"].Before, object{"name": "alias/app", "key": "key-1"}},
		{"after of a delete", change["alias.app"].After, nil},
		{"actions of a delete", change["alias.app"].Actions.Delete(), true},
		{"actions of disabling", change["key.old"].Actions.Update(), true},
		{"drift before", p.ResourceDrift[0].Change.Before, object{"id": "key-1", "description": "older", "spec": "Aliyun_AES_256"}},
		{"planned resources", addresses(p.PlannedValues.RootModule), []string{"key.k", "secret.s", `module.a.key.m["eu"]`}},
		{"prior resources", addresses(p.PriorState.Values.RootModule), []string{"key.k", "alias.app", `module.a.key.m["eu"]`}},
		{"planned value", p.PlannedValues.RootModule.Resources[0].AttributeValues["spec"], "Aliyun_AES_256"},
		{"steady output", p.PlannedValues.Outputs["steady"].Value, "same"},
		{"output before", p.PriorState.Values.Outputs["changed"].Value, "a"},
	} {
		if !reflect.DeepEqual(plain(t, c.got), plain(t, c.want)) {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
	var ours struct {
		Changes []struct {
			Kmsplan struct{ Gateway string }
			Module  string `json:"module_address"`
			Index   string
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(b.Bytes(), &ours); err != nil || ours.Changes[1].Kmsplan.Gateway != "sh" || ours.Changes[3].Module != "module.a" || ours.Changes[3].Index != "eu" {
		t.Errorf("gateway, module and index: %+v (%v)", ours, err)
	}
}

// addresses are the resources of a module and of its children.
func addresses(m *tfjson.StateModule) (out []string) {
	for _, r := range m.Resources {
		out = append(out, r.Address)
	}
	for _, child := range m.ChildModules {
		out = append(out, addresses(child)...)
	}
	return out
}

// plain is a value as JSON has it.
func plain(t *testing.T, v any) (out any) {
	t.Helper()
	if err := json.Unmarshal(mustJSON(t, v), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
