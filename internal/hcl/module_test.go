package hcl

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

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

// TestWhoNamesAnAliasComesAfterIt: a name that is written out refers to nothing, and the file was encrypted before
// its alias was there.
func TestWhoNamesAnAliasComesAfterIt(t *testing.T) {
	c := mustLoad(t, `
gateway "dev" {
  emulator {}
}
gateway "far" {
  region = "cn-beijing"
  emulator {}
}
key "k" {}
alias "z" {
  for_each = toset(["one", "two"])
  name     = "alias/${each.key}"
  key      = key.k.id
}
data "encrypt" "by_name" {
  key    = "alias/one"
  source = "a"
  output = "a.enc"
}
data "rewrap" "by_arn" {
  source = "old/*"
  key    = "acs:kms:cn-hangzhou:1234567890123456:alias/two"
}
data "encrypt" "elsewhere" {
  gateway = gateway.far
  key     = "alias/one"
  source  = "a"
  output  = "b.enc"
}
`, Inputs{})
	for a, want := range map[string]string{
		"data.encrypt.by_name": `[alias.z["one"]]`, "data.rewrap.by_arn": `[alias.z["two"]]`, "data.encrypt.elsewhere": "[]",
	} {
		if got := fmt.Sprint(c.DependsOn(parseAddr(t, a))); got != want {
			t.Errorf("%s depends on %s, want %s", a, got, want)
		}
	}
	_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + `
data "encrypt" "e" {
  key    = "alias/e"
  source = "a"
  output = "a.enc"
}
key "k" {}
alias "e" {
  name       = "alias/e"
  key        = key.k.id
  depends_on = [data.encrypt.e]
}
`}, Inputs{})
	if !strings.Contains(shown(diags), "data.encrypt.e → alias.e → data.encrypt.e") {
		t.Error(shown(diags))
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
    on_immutable_change = "error"
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
	if s.BackendType != "local" || s.Backend["path"] != "other.json" || !maps.Equal(s.Limits, Limits{"deletions": 2, "deleted_share": 10}) {
		t.Error(s)
	}
	l := c.Block(parseAddr(t, "key.new")).Lifecycle
	if *l.PreventDestroy || l.IgnoreChanges[0] != "all" || l.OnImmutableChange != "error" {
		t.Error(l)
	}
	if c.Moved[0].From != parseAddr(t, "key.old") || c.Imports[0].ID != "key-1" {
		t.Error(c.Moved, c.Imports)
	}
	if r := c.Removed[0]; r.From != parseAddr(t, `secret.gone["a"]`) || r.WindowDays != 7 || !r.WindowExplicit || r.SoakDays != 0 {
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
	if live.Region != "cn-hangzhou" || *live.Public != (PublicGateway{Connection{Endpoint: "https://127.0.0.1:1", CAFile: "ca.pem"}, "ops"}) || live.Instance.CAFile != "ca.pem" || live.Instance.ClientKey.File != "k.json" {
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

func TestEncryptionOfTheStack(t *testing.T) {
	c := mustLoad(t, dev+`
gateway "other" {
  emulator {}
}
variable "state_key" { default = "alias/state" }
kmsplan {
  encryption {
    key        = var.state_key
    gateway    = gateway.other
    context    = { team = "orders" }
    recipients = ["age16x9h4f49qtzfqdzfwus6ayyrg63l545cxngdae6q4k4nz4k5a3ds2ajgje"]
  }
}
`, Inputs{})
	e := c.Settings.Encryption
	if e == nil || !e.Enabled || e.Key != "alias/state" || e.Gateway.Name != "other" || e.Context["team"] != "orders" || e.Recipients[0] != "age16x9h4f49qtzfqdzfwus6ayyrg63l545cxngdae6q4k4nz4k5a3ds2ajgje" {
		t.Errorf("%+v", e)
	}
}

// Case T14.
func TestElementsOfAMapAreIgnored(t *testing.T) {
	c := mustLoad(t, dev+`
key "k" {
  lifecycle { ignore_changes = [description, tags["b"], tags.c, "policy"] }
}
`, Inputs{})
	l := c.Block(parseAddr(t, "key.k")).Lifecycle
	if fmt.Sprint(l.IgnoreChanges, l.IgnoreKeys) != "[description policy] map[tags:[b c]]" {
		t.Error(l.IgnoreChanges, l.IgnoreKeys)
	}
}

func TestTheConfigurationAnswersForAnAddress(t *testing.T) {
	c := mustLoad(t, dev+`
key "k" {
  for_each = toset(["a"])
  lifecycle { prevent_destroy = false }
}
secret "s" {
  name = "s"
  lifecycle { on_foreign_version = "keep" }
}
alias "a" {
  name = "alias/a"
  key  = key.k["a"].id
}
removed {
  from   = key.gone
  action = "forget"
}
import {
  to        = secret.s
  id        = "s"
  take_over = "11111111-2222-3333-4444-555555555555"
}
`, Inputs{})
	key, secret, alias, gone := parseAddr(t, `key.k["a"]`), parseAddr(t, "secret.s"), parseAddr(t, "alias.a"), parseAddr(t, `key.gone["x"]`)
	if !c.Declares(key) || c.Declares(key.Block()) || c.Declares(gone) {
		t.Error("what is declared")
	}
	if c.Protects(key) || !c.Protects(secret) || c.Protects(alias) || c.Protects(gone) {
		t.Error("what is protected")
	}
	if c.GatewayOf(key).Name != "dev" || c.GatewayOf(gone) != nil {
		t.Error("gateways")
	}
	if r := c.RemovedFor(gone); r == nil || r.Action != "forget" || c.RemovedFor(key) != nil {
		t.Error("what was removed")
	}
	if i, ok := c.ImportOf(secret); !ok || i.TakeOver != "11111111-2222-3333-4444-555555555555" {
		t.Error("imports")
	}
	if _, ok := c.ImportOf(key); ok {
		t.Error("a key that nothing imports")
	}
	if c.Block(secret).Lifecycle.OnForeignVersion != "keep" {
		t.Error("lifecycle of the secret")
	}
}
