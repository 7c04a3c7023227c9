package view

import (
	"encoding/json"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

func TestAStateIsReadByTerraformsReaders(t *testing.T) {
	st := state.New().Next("test")
	st.Resources = []state.Resource{
		{Address: "key.orders", Kind: "key", Gateway: "dev", ID: "k-1", Attributes: map[string]any{"description": "Orders", "id": nil}},
		{Address: `module.billing["eu"].secret.token`, Kind: "secret", Gateway: "dev", ID: "token", DependsOn: []string{"key.orders"},
			Fingerprints: map[string]state.Fingerprint{"value": {}}},
	}
	st.Outputs = map[string]any{"ids": map[string]any{"orders": "k-1"}}
	doc, err := json.Marshal(stateJSON(st, []plan.Checked{{Addr: addr.Resource(hcl.CheckKind, "protected"), Status: plan.Failed, Problems: []plan.Problem{{Condition: hcl.Assertion, Message: "nothing protects it"}}}}, "1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	var got tfjson.State
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Checks) != 1 || got.Checks[0].Address.ToDisplay != "check.protected" || got.Checks[0].Status != tfjson.CheckStatusFail || got.Checks[0].Instances[0].Problems[0].Message != "nothing protects it" {
		t.Errorf("the checks: %+v", got.Checks)
	}
	root := got.Values.RootModule
	if len(root.Resources) != 1 || root.Resources[0].AttributeValues["id"] != "k-1" || root.Resources[0].AttributeValues["description"] != "Orders" {
		t.Errorf("the root module: %+v", root.Resources)
	}
	if len(root.ChildModules) != 1 || root.ChildModules[0].Address != `module.billing["eu"]` {
		t.Fatalf("the child modules: %+v", root.ChildModules)
	}
	token := root.ChildModules[0].Resources[0]
	if token.Address != `module.billing["eu"].secret.token` || token.DependsOn[0] != "key.orders" || string(token.SensitiveValues) != `{"value":true}` {
		t.Errorf("a secret in a module: %+v", token)
	}
	if out := got.Values.Outputs["ids"]; out == nil || out.Type.FriendlyName() != "object" {
		t.Errorf("the output: %+v", out)
	}
	var own struct{ Kmsplan state.State }
	if err := json.Unmarshal(doc, &own); err != nil || own.Kmsplan.Lineage != st.Lineage || len(own.Kmsplan.Resources) != 2 {
		t.Errorf("what is stored: %+v, %v", own, err)
	}
}
