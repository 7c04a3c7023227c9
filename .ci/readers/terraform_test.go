package readers

import (
	"bytes"
	"encoding/json"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

const stack = `
key "orders" {
  for_each            = toset(["eu", "us"])
  description         = "Orders ${each.key}"
  deletion_protection = true
  tags                = { team = "orders" }
}

alias "orders" {
  name = "alias/orders"
  key  = key.orders["eu"].id
}

output "key" {
  value = key.orders["eu"].id
}
`

// TestHashiCorpsReaderReadsPlans reads a plan of everything new, one of nothing, and one of an update, and finds in each what
// Terraform's own would have.
func TestHashiCorpsReaderReadsPlans(t *testing.T) {
	w := newWorld(t)
	w.write("main.kms.hcl", stack)
	p := w.terraformPlan()
	orders := change(t, p, `key.orders["eu"]`)
	if !orders.Change.Actions.Create() || orders.Index != "eu" || orders.Change.Before != nil || at(orders.Change.After, "description") != "Orders eu" || at(orders.Change.AfterUnknown, "id") != true {
		t.Errorf("a new key: %+v", orders.Change)
	}
	if c := p.OutputChanges["key"]; c == nil || !c.Actions.Create() || c.AfterUnknown != true {
		t.Errorf("a new output: %+v", c)
	}
	w.apply()
	if p = w.terraformPlan(); !change(t, p, "alias.orders").Change.Actions.NoOp() || len(p.PlannedValues.RootModule.Resources) != 3 || len(p.PriorState.Values.RootModule.Resources) != 3 {
		t.Errorf("at rest: %+v", p.PlannedValues.RootModule)
	}
	w.write("main.kms.hcl", string(bytes.Replace([]byte(stack), []byte("Orders $"), []byte("All orders $"), 1)))
	c := change(t, w.terraformPlan(), `key.orders["us"]`).Change
	if !c.Actions.Update() || at(c.Before, "description") != "Orders us" || at(c.After, "description") != "All orders us" || at(c.After, "deletion_protection") != true || at(c.Before, "id") != at(c.After, "id") || at(c.After, "id") == nil {
		t.Errorf("an update: %+v", c)
	}
}

// TestHashiCorpsReaderReadsConfigurations finds in a plan what was written, and no secret.
func TestHashiCorpsReaderReadsConfigurations(t *testing.T) {
	w := newWorld(t)
	w.write("main.kms.hcl", stack+`
secret "s" {
  name           = "s"
  value          = "canary-5b1d"
  encryption_key = key.orders["eu"].id
}

secret "made" {
  name           = "made"
  encryption_key = key.orders["eu"].id
  generate { length = 40 }
}
`)
	if raw := w.plan(); bytes.Contains(raw, []byte("canary")) {
		t.Errorf("a secret is in the plan: %s", raw)
	}
	c := w.terraformPlan().Config
	if c == nil || c.ProviderConfigs["dev"] == nil || c.ProviderConfigs["dev"].Alias != "dev" || len(c.RootModule.Resources) != 4 {
		t.Fatalf("%+v", c)
	}
	of := map[string]*tfjson.ConfigResource{}
	for _, r := range c.RootModule.Resources {
		of[r.Address] = r
	}
	if r := of["key.orders"]; r.ProviderConfigKey != "dev" || r.ForEachExpression == nil || r.Expressions["deletion_protection"].ConstantValue != true || r.Expressions["description"].References[0] != "each.key" {
		t.Errorf("%+v", r)
	}
	if r := of["alias.orders"]; len(r.Expressions["key"].References) != 3 || r.Expressions["key"].ConstantValue != tfjson.UnknownConstantValue {
		t.Errorf("%+v", r.Expressions["key"])
	}
	if blocks := of["secret.made"].Expressions["generate"].NestedBlocks; len(blocks) != 1 || blocks[0]["length"].ConstantValue != 40.0 {
		t.Errorf("%+v", blocks)
	}
	if o := c.RootModule.Outputs["key"]; o == nil || len(o.Expression.References) == 0 {
		t.Errorf("%+v", o)
	}
}

// TestHashiCorpsReaderReadsStates reads the state in Terraform's form.
func TestHashiCorpsReaderReadsStates(t *testing.T) {
	w := newWorld(t)
	w.write("main.kms.hcl", stack)
	w.apply()
	var s tfjson.State
	if err := json.Unmarshal(w.run([]string{"show", "-json"}), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Values.RootModule.Resources) != 3 || s.Values.Outputs["key"] == nil {
		t.Fatalf("%+v", s.Values)
	}
	for _, r := range s.Values.RootModule.Resources {
		if r.Mode != tfjson.ManagedResourceMode || r.AttributeValues["id"] == nil || r.Address == "" {
			t.Errorf("%+v", r)
		}
	}
	if id := s.Values.Outputs["key"].Value; id != s.Values.RootModule.Resources[1].AttributeValues["id"] {
		t.Errorf("the output is %v beside %+v", id, s.Values.RootModule.Resources[1])
	}
}

func (w world) terraformPlan() *tfjson.Plan {
	w.Helper()
	var p tfjson.Plan
	if err := json.Unmarshal(w.plan(), &p); err != nil {
		w.Fatal(err)
	}
	return &p
}

func change(t *testing.T, p *tfjson.Plan, address string) *tfjson.ResourceChange {
	t.Helper()
	for _, c := range p.ResourceChanges {
		if c.Address == address {
			return c
		}
	}
	t.Fatalf("the plan has no %s", address)
	return nil
}

// at is an attribute of an object as the reader gives it.
func at(object any, name string) any {
	attributes, _ := object.(map[string]any)
	return attributes[name]
}
