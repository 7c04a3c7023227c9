package hcl

import (
	"fmt"
	"strings"
	"sync"
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
	if strings.Contains(c.Digest(), "hunter2") {
		t.Error("digest holds the value")
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

func TestBlocksComeAfterWhatTheyReferTo(t *testing.T) {
	c := mustLoad(t, dev+`
data "decrypt" "d" {
  source = "dist/a.enc"
  output = "run/a"
}
data "rewrap" "r" {
  source = "dist/*.enc"
  key    = "alias/x"
}
data "encrypt" "e" {
  key    = alias.a.name
  source = "a"
  output = "dist/a.enc"
}
alias "a" {
  name = "alias/a"
  key  = key.z.id
}
key "z" {}
key "b" {
  depends_on = [data.decrypt.d, alias.a]
}
`, Inputs{})
	place := map[string]int{}
	for i, b := range c.Blocks {
		place[b.Addr.String()] = i
	}
	for _, pair := range [][2]string{
		{"key.z", "alias.a"}, {"alias.a", "data.encrypt.e"}, {"data.encrypt.e", "data.decrypt.d"},
		{"data.encrypt.e", "data.rewrap.r"}, {"data.decrypt.d", "key.b"},
	} {
		if place[pair[0]] >= place[pair[1]] {
			t.Errorf("%s does not come before %s", pair[0], pair[1])
		}
	}
	for a, want := range map[string]string{
		"data.decrypt.d": "[data.encrypt.e]", "data.rewrap.r": "[data.encrypt.e]", "key.b": "[alias.a data.decrypt.d]",
	} {
		if got := fmt.Sprint(c.DependsOn(parseAddr(t, a))); got != want {
			t.Errorf("%s depends on %s, want %s", a, got, want)
		}
	}
}

func TestFilesCannotMakeACircle(t *testing.T) {
	_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + `
data "decrypt" "d" {
  source     = "a.enc"
  output     = "b"
}
data "encrypt" "e" {
  key        = "alias/x"
  source     = "a"
  output     = "a.enc"
  depends_on = [data.decrypt.d]
}
`}, Inputs{})
	if !strings.Contains(shown(diags), "data.decrypt.d → data.encrypt.e → data.decrypt.d") {
		t.Error(shown(diags))
	}
}

func TestDynamicBlocks(t *testing.T) {
	src := dev + `
variable "generated" {
  type = list(number)
}
secret "s" {
  name = "s"
  dynamic "generate" {
    for_each = var.generated
    iterator = size
    content {
      length = size.value
    }
  }
}
`
	c := mustLoad(t, src, Inputs{Vars: []Assignment{{Name: "generated", Value: "[20]"}}})
	body, diags := c.Body(parseAddr(t, "secret.s"), nil)
	if diags.HasErrors() || !body.Blocks["generate"]["length"].RawEquals(cty.NumberIntVal(20)) {
		t.Error(body, shown(diags))
	}
	c = mustLoad(t, src, Inputs{Vars: []Assignment{{Name: "generated", Value: "[]"}}})
	if body, _ := c.Body(parseAddr(t, "secret.s"), nil); len(body.Blocks) != 0 {
		t.Error(body)
	}
	_, diags = inModule(t, map[string]string{"main.kms.hcl": src}, Inputs{Vars: []Assignment{{Name: "generated", Value: "[20, 5]"}}})
	if !strings.Contains(shown(diags), "one generate block") {
		t.Error(shown(diags))
	}
	_, diags = inModule(t, map[string]string{"main.kms.hcl": src}, Inputs{Vars: []Assignment{{Name: "generated", Value: "[5]"}}})
	if !strings.Contains(shown(diags), "8 to 128") {
		t.Error(shown(diags))
	}
}

func TestJSONSyntax(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.json": `{
  "//": "a comment",
  "gateway": {"dev": {"emulator": {}}},
  "variable": {"team": {"type": "string", "default": "orders"}},
  "locals": {"names": ["a", "b"]},
  "key": {"k": {"for_each": "${toset(local.names)}", "description": "${each.key} of ${var.team}", "lifecycle": {"ignore_changes": ["tags"]}}},
  "alias": {"k": {"for_each": "${toset(local.names)}", "name": "alias/${each.key}", "key": "${key.k[each.key].id}", "gateway": "gateway.dev"}},
  "removed": {"from": "key.gone", "action": "retire", "soak_days": 3},
  "output": {"v": {"value": "${key.k[\"a\"].description}"}}
}`}, Inputs{})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	objects := NewObjectMap()
	for _, k := range []string{`key.k["a"]`, `key.k["b"]`} {
		objects.Set(parseAddr(t, k), keyObject(c, parseAddr(t, k), k))
	}
	if got := attr(t, c, `alias.k["b"]`, "key", objects).AsString(); got != `key.k["b"]` {
		t.Error(got)
	}
	if v, _ := c.OutputValue("v", objects); v.AsString() != "a of orders" {
		t.Error(v)
	}
	if r := c.Removed[0]; r.From != parseAddr(t, "key.gone") || r.SoakDays != 3 || r.Action != "retire" {
		t.Error(r)
	}
	if got := c.Block(parseAddr(t, "key.k")).Lifecycle.IgnoreChanges; fmt.Sprint(got) != "[tags]" {
		t.Error(got)
	}
}

func TestSettingsAndRefactorings(t *testing.T) {
	c := mustLoad(t, dev+`
kmsplan {
  required_version = "~> 0.1"
  backend "local" { path = "other.json" }
  limits {
    deletions     = 2
    deleted_share = 10
  }
}
variable "id" { default = "key-1" }
key "new" {
  lifecycle {
    prevent_destroy     = false
    ignore_changes      = all
    on_immutable_change = "succeed"
  }
}
moved {
  from = key.old
  to   = key.new
}
import {
  to = key.new
  id = var.id
}
removed {
  from        = secret.gone["a"]
  action      = "delete"
  window_days = 7
}
`, Inputs{Version: "0.1.3"})
	s := c.Settings
	if s.BackendType != "local" || s.Backend["path"] != "other.json" || *s.Limits.Deletions != 2 || *s.Limits.DeletedShare != 10 || s.Limits.AliasMoves != nil {
		t.Error(s)
	}
	l := c.Block(parseAddr(t, "key.new")).Lifecycle
	if *l.PreventDestroy || l.IgnoreChanges[0] != "all" || l.OnImmutableChange != "succeed" {
		t.Error(l)
	}
	if c.Moved[0].From != parseAddr(t, "key.old") || c.Imports[0].ID != "key-1" {
		t.Error(c.Moved, c.Imports)
	}
	if r := c.Removed[0]; r.From != parseAddr(t, `secret.gone["a"]`) || r.WindowDays != 7 || !r.WindowExplicit || r.SoakDays != 7 {
		t.Error(r)
	}
}

func TestGatewaysAreEvaluated(t *testing.T) {
	c := mustLoad(t, `
variable "region" { default = "cn-hangzhou" }
variable "pw" {
  sensitive = true
  ephemeral = true
}
locals { ca = "ca.pem" }
gateway "live" {
  region = var.region
  public {
    endpoint = "https://127.0.0.1:1"
    ca_file  = local.ca
    profile  = "ops"
  }
  instance {
    id      = "kst-hzz65f176a0ogplgq1234"
    ca_file = local.ca
    client_key {
      file     = "k.json"
      password = var.pw
    }
  }
}
gateway "dev" {
  region = "cn-beijing"
  emulator { seed = "seed.json" }
}
`, Inputs{Vars: []Assignment{{Name: "pw", Value: "hunter2"}}})
	live, emulated := c.Gateways[0], c.Gateways[1]
	if live.Region != "cn-hangzhou" || *live.Public != (PublicGateway{"https://127.0.0.1:1", "ca.pem", "ops"}) || live.Instance.CAFile != "ca.pem" || live.Instance.ClientKey.File != "k.json" {
		t.Errorf("%+v", live)
	}
	pw := live.Instance.ClientKey.Password
	if v, _ := pw.Unmark(); !pw.HasMark(Sensitive) || v.AsString() != "hunter2" {
		t.Error("wrong password")
	}
	if *emulated.Emulator != (EmulatorGateway{".kmsplan/emulator", "", "seed.json"}) {
		t.Errorf("%+v", emulated.Emulator)
	}
	if live.Ranges["instance.ca_file"].Start.Line == 0 {
		t.Error("no range for instance.ca_file")
	}
}

// Evaluation may run in any number of goroutines while objects become known.
func TestConcurrentEvaluation(t *testing.T) {
	c := mustLoad(t, dev+`
locals {
  names = toset([for i in range(50) : "k${i}"])
  ids   = [for k in key.k : k.id]
}
key "k" {
  for_each    = local.names
  description = file("main.kms.hcl") == "" ? "empty" : each.key
}
alias "k" {
  for_each = local.names
  name     = "alias/${each.key}/${length(local.ids)}"
  key      = key.k[each.key].id
}
`, Inputs{})
	objects := NewObjectMap()
	var wg sync.WaitGroup
	for _, a := range c.Block(parseAddr(t, "key.k")).Instances {
		wg.Go(func() {
			objects.Set(a, keyObject(c, a, "id"+a.Key))
			alias := addr.Address{Kind: "alias", Name: "k", Key: a.Key}
			body, diags := c.Body(alias, objects)
			if diags.HasErrors() || body.Attrs["key"].AsString() != "id"+a.Key {
				t.Error(body, shown(diags))
			}
			c.DependsOn(alias)
		})
	}
	wg.Wait()
}
