package hcl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

const dev = "gateway \"dev\" {\n  emulator {}\n}\n"

func mustLoad(t testing.TB, src string, in Inputs) *Config {
	t.Helper()
	c, diags := inModule(t, map[string]string{"main.kms.hcl": src}, in)
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	return c
}

func parseAddr(t testing.TB, s string) addr.Address {
	t.Helper()
	a, err := addr.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// keyObject is a key as the service would report it.
func keyObject(c *Config, a addr.Address, id string) cty.Value {
	body, _ := c.Body(a, nil)
	return planned(c.Block(a).Kind, body, id)
}

func attr(t testing.TB, c *Config, a, name string, objects Objects) cty.Value {
	t.Helper()
	body, diags := c.Body(parseAddr(t, a), objects)
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	v, ok := body.Attrs[name]
	if !ok {
		t.Fatalf("%s has no %s: %v", a, name, body.Attrs)
	}
	return v
}

func TestAnAttributeLeftOutIsAbsentAndNullIsPresent(t *testing.T) {
	c := mustLoad(t, dev+`
key "a" {
  description = null
}
`, Inputs{})
	body, _ := c.Body(parseAddr(t, "key.a"), nil)
	if v, ok := body.Attrs["description"]; !ok || !v.IsNull() || v.Type() != cty.String {
		t.Error("a written null is not a null text:", v)
	}
	if _, ok := body.Attrs["spec"]; ok {
		t.Error("an attribute that is not written is present")
	}
}

func TestReferencesFollowWhatIsKnown(t *testing.T) {
	c := mustLoad(t, dev+`
key "orders" {
  description = "d"
}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
data "encrypt" "e" {
  key    = alias.orders.name
  source = "a"
  output = "b"
  context = {
    text = key.orders.description
    id   = "id=${key.orders.id}"
  }
}
`, Inputs{})
	objects := NewObjectMap()
	if v := attr(t, c, "alias.orders", "key", objects); v.IsKnown() {
		t.Error("the id of a key that does not exist is known:", v)
	}
	objects.Set(parseAddr(t, "key.orders"), keyObject(c, parseAddr(t, "key.orders"), "key-1"))
	if v := attr(t, c, "alias.orders", "key", objects); v.AsString() != "key-1" || v.IsMarked() {
		t.Error(v)
	}
	context := attr(t, c, "data.encrypt.e", "context", objects)
	if got := context.Index(cty.StringVal("id")).AsString(); got != "id=key-1" {
		t.Error(got)
	}
	if v := attr(t, c, "data.encrypt.e", "key", objects); v.IsKnown() {
		t.Error("an alias nobody planned is known:", v)
	}
}

func TestForEachAndCountInstances(t *testing.T) {
	c := mustLoad(t, dev+`
locals {
  teams = { b = "two", a = "one" }
}
key "set" {
  for_each    = toset(["y", "x"])
  description = "${each.key}=${each.value}"
}
key "map" {
  for_each    = local.teams
  description = each.value
}
key "counted" {
  count       = 2
  description = "n${count.index}"
}
key "chained" {
  for_each    = key.map
  description = "like ${each.value.description} ${each.value.id}"
}
alias "map" {
  for_each = local.teams
  name     = "alias/${each.key}"
  key      = key.map[each.key].id
}
alias "literal" {
  name = "alias/l"
  key  = key.map["b"].id
}
alias "computed" {
  for_each = { one = "a", two = "b" }
  name     = "alias/c/${each.key}"
  key      = key.map[each.value].id
}
alias "numbered" {
  count = 2
  name  = "alias/n${count.index}"
  key   = key.counted[count.index].id
}
output "all" { value = { for k, v in key.map : k => v.id } }
output "splat" { value = key.counted[*].id }
`, Inputs{})
	objects := NewObjectMap()
	for _, k := range []string{`key.map["a"]`, `key.map["b"]`, `key.counted[0]`, `key.counted[1]`} {
		a := parseAddr(t, k)
		objects.Set(a, keyObject(c, a, "id of "+k))
	}
	for _, want := range []struct{ addr, attr, value string }{
		{`key.set["x"]`, "description", "x=x"},
		{`key.map["b"]`, "description", "two"},
		{`key.counted[1]`, "description", "n1"},
		{`key.chained["a"]`, "description", `like one id of key.map["a"]`},
		{`alias.map["b"]`, "key", `id of key.map["b"]`},
		{`alias.literal`, "key", `id of key.map["b"]`},
		{`alias.computed["one"]`, "key", `id of key.map["a"]`},
		{`alias.numbered[1]`, "key", `id of key.counted[1]`},
	} {
		if got := attr(t, c, want.addr, want.attr, objects); !got.IsKnown() || got.AsString() != want.value {
			t.Errorf("%s.%s = %#v, want %q", want.addr, want.attr, got, want.value)
		}
	}
	all, diags := c.OutputValue("all", objects)
	if diags.HasErrors() || all.GetAttr("b").AsString() != `id of key.map["b"]` {
		t.Error(all, shown(diags))
	}
	splat, diags := c.OutputValue("splat", objects)
	if diags.HasErrors() || splat.Index(cty.NumberIntVal(1)).AsString() != "id of key.counted[1]" {
		t.Error(splat, shown(diags))
	}
	for _, want := range []struct{ addr, deps string }{
		{`alias.map["b"]`, `[key.map["b"]]`},
		{`alias.computed["two"]`, `[key.map["b"]]`},
		{`alias.numbered[0]`, `[key.counted[0]]`},
		{`alias.literal`, `[key.map["b"]]`},
		{`key.chained["a"]`, `[key.map["a"]]`},
		{`key.set["x"]`, `[]`},
	} {
		if got := fmt.Sprint(c.DependsOn(parseAddr(t, want.addr))); got != want.deps {
			t.Errorf("%s depends on %s, want %s", want.addr, got, want.deps)
		}
	}
	if got := fmt.Sprint(c.Block(parseAddr(t, `key.map["a"]`)).Instances); got != `[key.map["a"] key.map["b"]]` {
		t.Error(got)
	}
}

// Locals that depend on objects are evaluated with each Objects, and anew when one of their
// objects changes.
func TestLocalsFollowObjects(t *testing.T) {
	c := mustLoad(t, dev+`
key "a" {}
locals {
  id   = key.a.id
  text = "x-${local.id}-${local.plain}"
  plain = "p"
}
alias "a" {
  name = "alias/${local.plain}"
  key  = local.text
}
`, Inputs{})
	objects := NewObjectMap()
	for _, id := range []string{"one", "two"} {
		objects.Set(parseAddr(t, "key.a"), keyObject(c, parseAddr(t, "key.a"), id))
		if got := attr(t, c, "alias.a", "key", objects).AsString(); got != "x-"+id+"-p" {
			t.Errorf("got %q after the id became %q", got, id)
		}
	}
	if got := fmt.Sprint(c.DependsOn(parseAddr(t, "alias.a"))); got != "[key.a]" {
		t.Error(got)
	}
}

func TestWholeCollectionsFollowObjects(t *testing.T) {
	c := mustLoad(t, dev+`
key "a" {
  for_each = toset(["x", "y"])
}
rotation_policy "q" {
  interval = "90d"
  keys     = [for k in key.a : k.id]
}
`, Inputs{})
	objects := NewObjectMap()
	for _, id := range []string{"1", "2"} {
		for _, k := range []string{"x", "y"} {
			a := parseAddr(t, fmt.Sprintf("key.a[%q]", k))
			objects.Set(a, keyObject(c, a, k+id))
		}
		got := attr(t, c, "rotation_policy.q", "keys", objects)
		if want := cty.SetVal([]cty.Value{cty.StringVal("x" + id), cty.StringVal("y" + id)}); !got.RawEquals(want) {
			t.Errorf("got %#v", got)
		}
	}
}

func TestTheEmulatorsInstanceIsKnownOnceItRuns(t *testing.T) {
	c := mustLoad(t, `
gateway "dev" {
  emulator {}
}
gateway "live" {
  region = "cn-hangzhou"
  public {}
  instance { id = "kst-hzz65f176a0ogplgq1234" }
}
locals {
  instance = gateway.dev.instance.id
}
key "a" {
  instance    = local.instance
  description = gateway.dev.region
}
key "b" {
  gateway     = gateway.live
  instance    = gateway.live.instance.id
  description = gateway.live.region
}
`, Inputs{})
	if v := attr(t, c, "key.a", "instance", NewObjectMap()); v.IsKnown() {
		t.Error("known before the emulator runs:", v)
	}
	objects := NewObjectMap()
	objects.SetGateway("dev", cty.ObjectVal(map[string]cty.Value{
		"name": cty.StringVal("dev"), "region": cty.StringVal("cn-beijing"),
		"instance": cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal("kst-emulated")}),
	}))
	if v := attr(t, c, "key.a", "instance", objects); v.AsString() != "kst-emulated" {
		t.Error(v)
	}
	if v := attr(t, c, "key.a", "description", objects); v.AsString() != "cn-beijing" {
		t.Error(v)
	}
	if v := attr(t, c, "key.b", "instance", objects); v.AsString() != "kst-hzz65f176a0ogplgq1234" {
		t.Error(v)
	}
	if c.Block(parseAddr(t, "key.b")).Gateway.Name != "live" || c.Block(parseAddr(t, "key.a")).Gateway != c.Gateways[0] {
		t.Error("wrong gateways")
	}
}

func TestSecretsReachWriteOnlyArgumentsOnly(t *testing.T) {
	c := mustLoad(t, dev+`
variable "pw" {
  sensitive = true
  ephemeral = true
}
locals {
  url = "https://u:${var.pw}@h"
}
secret "s" {
  name  = "s"
  value = local.url
}
output "masked" {
  value     = sensitive("x")
  sensitive = true
}
`, Inputs{Vars: []Assignment{{Name: "pw", Value: "hunter2"}}})
	v := attr(t, c, "secret.s", "value", nil)
	if !v.HasMark(Sensitive) {
		t.Error("a write-only value is not marked")
	}
	if got, _ := v.Unmark(); got.AsString() != "https://u:hunter2@h" {
		t.Error("wrong value")
	}
	if out, diags := c.OutputValue("masked", nil); diags.HasErrors() || !out.HasMark(Sensitive) {
		t.Error("a sensitive output is not marked")
	}
	_, diags := inModule(t, map[string]string{"main.kms.hcl": `
variable "pw" {
  ephemeral = true
  default   = "x"
}
output "o" {
  value     = var.pw
  sensitive = true
}
`}, Inputs{})
	if !strings.Contains(shown(diags), "Ephemeral value in an output") {
		t.Error(shown(diags))
	}
}

func TestLiteralSecretsAreWarnedOfWithoutASnippet(t *testing.T) {
	_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + `
secret "s" {
  name  = "s"
  value = "hunter2"
}
`}, Inputs{})
	if len(diags) != 1 || diags[0].Summary != "Secret value written out" {
		t.Fatal(shown(diags))
	}
	if line := diags[0].Subject.Start.Line; line != 5 || diags[0].Subject.End.Line != 5 {
		t.Errorf("the warning points at line %d, where its snippet may show the value", line)
	}
}
