package planfile_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
	"kmsplan.dev/kmsplan/internal/state"
)

// source is a module whose plan has an update, a secret's value and a create that waits for it.
const source = `
variable "region" { default = "cn-hangzhou" }
variable "pw" {
  type      = string
  sensitive = true
}
gateway "main" {
  region = var.region
  public {}
}
key "orders" {
  description = file("description")
  tags        = { team = "orders" }
}
key "new" { description = key.orders.id }
secret "db" {
  name     = "orders/db"
  value    = var.pw
  instance = null
}
`

// module is a directory that is loaded again and again.
type module struct {
	t      testing.TB
	dir    string
	live   plan.Live
	st     state.State
	now    time.Time
	file   []byte              // digest of a data block's source
	prints *state.Fingerprints // nil = argon2id
}

func newModule(t testing.TB) *module {
	m := &module{t: t, dir: t.TempDir(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), file: []byte("digest")}
	m.write("main.kms.hcl", source)
	m.write("description", "Order database")
	null := cty.NullVal(cty.String)
	m.live = plan.Live{Gateways: map[string]*plan.LiveGateway{"main": {AccountID: "123", Objects: map[string]map[string]*plan.Object{plan.KindKey: {
		"key-1": {Kind: plan.KindKey, ID: "key-1", State: plan.StateEnabled, Attrs: map[string]cty.Value{
			"description": cty.StringVal("Orders"), "id": cty.StringVal("key-1"), "arn": null, "tags": cty.MapValEmpty(cty.String),
		}},
	}}}}}
	m.st = state.State{Version: state.FormatVersion, Lineage: "lineage-1", Serial: 9, ObjectsSerial: 7, Resources: []state.Resource{
		{Address: "key.orders", Kind: plan.KindKey, Gateway: "main", ID: "key-1", Protected: true, Intent: "intent-1"},
	}}
	return m
}

func (m *module) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

func (m *module) load(in hcl.Inputs) *hcl.Config {
	m.t.Helper()
	in.Dir = m.dir
	if in.Env == nil {
		in.Env = []string{"KMSPLAN_VAR_pw=two-canary"}
	}
	cfg, diags := hcl.Load(in)
	if diags.HasErrors() {
		m.t.Fatal(diags)
	}
	return cfg
}

func (m *module) plan(cfg *hcl.Config) (*plan.Plan, planfile.World) {
	m.t.Helper()
	p, diags := plan.Calculate(plan.Input{
		Config: cfg, State: m.st, Live: m.live, Now: m.now, Writer: "test",
		Files: []plan.FileStatus{{Addr: addr.DataBlock("encrypt", "f"), Path: "f.enc", OutputExists: true, OutputReadable: true, SourceChanged: true}},
	})
	if diags.HasErrors() || p.Refused() {
		m.t.Fatal(diags, p.Refusals)
	}
	return p, planfile.World{Config: cfg, State: m.st, Live: m.live, Sources: func(addr.Address, string) ([]byte, bool) { return m.file, true }, Fingerprints: m.prints}
}

// save plans and returns what plan -out writes.
func (m *module) save(in hcl.Inputs) []byte {
	m.t.Helper()
	p, w := m.plan(m.load(in))
	f, err := planfile.New(p, w, plan.Scope{})
	if err != nil {
		m.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Encode(&b); err != nil {
		m.t.Fatal(err)
	}
	return b.Bytes()
}

// apply does what apply PLAN does before it calls anything.
func (m *module) apply(raw []byte, in hcl.Inputs) (planfile.Comparison, error) {
	m.t.Helper()
	f, err := planfile.Decode(bytes.NewReader(raw))
	if err != nil {
		return planfile.Comparison{}, err
	}
	in.Saved = f.Binding.Variables
	now, w := m.plan(m.load(in))
	if err := f.Holds(w); err != nil {
		return planfile.Comparison{}, err
	}
	c := planfile.Compare(f.Plan, now)
	return c, c.Err()
}

func TestReadsBackTheSame(t *testing.T) {
	m := newModule(t)
	p, w := m.plan(m.load(hcl.Inputs{}))
	p.Outputs = []plan.OutputChange{{Name: "all", Before: cty.NilVal, After: cty.ObjectVal(map[string]cty.Value{
		"n": cty.NumberFloatVal(0.1), "l": cty.ListVal([]cty.Value{cty.UnknownVal(cty.String)}), "nothing": cty.NullVal(cty.DynamicPseudoType),
		"t": cty.TupleVal([]cty.Value{cty.True, cty.EmptyObjectVal}), "s": cty.SetVal([]cty.Value{cty.StringVal("a")}), "u": cty.DynamicVal,
	})}}
	p.Drift = []plan.Drift{{Addr: addr.Resource(plan.KindKey, "k"), Kind: plan.KindKey, ID: "x", Diff: p.Changes[0].Diff}}
	p.Warnings = []plan.Warning{{Summary: "s", Detail: "d"}}
	p.Checks = []plan.Checked{{Addr: addr.Resource("check", "c"), Status: plan.Failed, Problems: []plan.Problem{{Condition: "assert", Message: "m", Range: hclv2.Range{Filename: "f", Start: hclv2.Pos{Line: 3, Column: 1, Byte: 9}}}}}}
	p.Radius = []plan.Radius{{Addr: addr.Resource("key", "orders"), Secrets: 1, Files: 2, Aliases: 3}}
	p.Dying = []plan.DyingKey{{Gateway: "main", ID: "key-2", DeleteAt: m.now}}
	f, err := planfile.New(p, w, plan.Scope{Targets: []addr.Address{addr.Resource(plan.KindKey, "orders")}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Encode(&b); err != nil {
		t.Fatal(err)
	}
	got, err := planfile.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	same := []cmp.Option{cmp.Comparer(func(a, b cty.Value) bool {
		if a == cty.NilVal || b == cty.NilVal {
			return a == b
		}
		return a.RawEquals(b)
	})}
	if d := cmp.Diff(p, got.Plan, same...); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(f.Binding, got.Binding, same...); d != "" {
		t.Error(d)
	}
}

// Cases P14 and W13. No sensitive value is in a saved plan, in no form that is cheap to guess from; a plain
// one travels in it.
func TestHoldsVariablesAndNoSecret(t *testing.T) {
	m := newModule(t)
	raw := string(m.save(hcl.Inputs{}))
	sum := sha256.Sum256([]byte("two-canary"))
	for _, canary := range []string{"canary", "dHdv", hex.EncodeToString(sum[:])[:16]} {
		if strings.Contains(raw, canary) {
			t.Errorf("%q is in the saved plan", canary)
		}
	}
	if c, err := m.apply(m.save(hcl.Inputs{Vars: []hcl.Assignment{{Name: "region", Value: "cn-beijing"}}}), hcl.Inputs{}); err != nil || len(c.Left) > 0 {
		t.Errorf("a plan made with -var, applied without: %v, left %v", err, c.Left)
	}
}

// Cases P13, P14, S19 and issue 6: what a plan was made from is what it is applied to, or it is refused.
func TestWhatItWasMadeFrom(t *testing.T) {
	shanghai := hcl.Inputs{Vars: []hcl.Assignment{{Name: "region", Value: "cn-shanghai"}}}
	tests := []struct {
		name   string
		plan   hcl.Inputs
		change func(m *module)
		apply  hcl.Inputs
		want   string // "" = it is applied
	}{
		{name: "nothing changed"},
		{name: "another value for a variable", apply: shanghai, want: `variable "region"`},
		{name: "the same value again", plan: shanghai, apply: shanghai},
		{name: "a variable in a file of the module", change: func(m *module) { m.write("kmsplan.kmsvars.hcl", `region = "cn-shanghai"`) }, want: `variable "region"`},
		{name: "-var over a file of the module, not repeated", plan: shanghai, change: func(m *module) { m.write("kmsplan.kmsvars.hcl", `region = "cn-beijing"`) }},
		{name: "a variable in the environment", apply: hcl.Inputs{Env: []string{"KMSPLAN_VAR_pw=two-canary", "KMSPLAN_VAR_region=cn-shanghai"}}, want: `variable "region"`},
		{name: "another secret", apply: hcl.Inputs{Env: []string{"KMSPLAN_VAR_pw=three"}}, want: "a sensitive value"},
		{name: "the configuration", change: func(m *module) { m.write("main.kms.hcl", source+"# more\n") }, want: "the configuration"},
		{name: "a file that it reads", change: func(m *module) { m.write("description", "Orders!") }, want: "the configuration"},
		{name: "a source", change: func(m *module) { m.file = []byte("another") }, want: "a file that it encrypts"},
		{name: "the state's serial", change: func(m *module) { m.st = m.st.Next("") }, want: "serial 7"},
		{name: "another workspace", apply: hcl.Inputs{Workspace: "prod"}, want: "it was made in the workspace default, and the workspace prod is selected"},
		{name: "its own workspace", plan: hcl.Inputs{Workspace: "prod"}, apply: hcl.Inputs{Workspace: "prod"}},
		{name: "the default workspace", plan: hcl.Inputs{Workspace: "prod"}, want: "it was made in the workspace prod, and the workspace default is selected"},
		{name: "another stack", change: func(m *module) { m.st.Lineage = "lineage-2" }, want: "another stack"},
		{name: "the state, edited under its serial", change: func(m *module) { m.st.Resources[0].Protected = false }, want: "not as it was saved"},
		{name: "the census", change: func(m *module) { m.st.Files, m.st.Serial = []state.File{{Path: "f.enc"}}, 10 }},
		{name: "the account", change: func(m *module) { m.live.Gateways["main"].AccountID = "456" }, want: "the account 456"},
		{name: "an account that is not known", change: func(m *module) { m.live.Gateways["main"].AccountID = "" }},
		{name: "the instance, or the emulator", change: func(m *module) { m.live.Gateways["main"].InstanceID = "kst-2" }, want: "the instance kst-2"},
		{name: "a colleague's change of what it updates", change: func(m *module) { m.describe("Mine") }, want: "key.orders: description is no longer what it was"},
		{name: "a colleague was first", change: func(m *module) {
			m.describe("Order database")
			m.key().Attrs["tags"] = cty.MapVal(map[string]cty.Value{"team": cty.StringVal("orders")})
		}, want: "key.orders: it would be changed (~), and needs no change now"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newModule(t)
			raw := m.save(test.plan)
			if test.change != nil {
				test.change(m)
			}
			_, err := m.apply(raw, test.apply)
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "plan again")) {
				t.Errorf("got %v", err)
			}
			if test.want != "" && !errors.Is(err, planfile.ErrStale) && !errors.Is(err, planfile.ErrDamaged) {
				t.Errorf("%T", err)
			}
		})
	}
}

func (m *module) key() *plan.Object { return m.live.Gateways["main"].Objects[plan.KindKey]["key-1"] }

func (m *module) describe(text string) { m.key().Attrs["description"] = cty.StringVal(text) }

// A first plan is made of a state that was never stored: its lineage is fresh each time.
func TestFirstPlanOfAStack(t *testing.T) {
	m := newModule(t)
	m.st = state.New()
	raw := m.save(hcl.Inputs{})
	m.st = state.New()
	if _, err := m.apply(raw, hcl.Inputs{}); err != nil {
		t.Error(err)
	}
}

// edit changes a saved plan and computes its checksum anew.
func edit(t testing.TB, raw []byte, change func(plan map[string]any)) []byte {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	change(e["plan"].(map[string]any))
	body, err := json.Marshal(e["plan"])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	e["checksum"] = hex.EncodeToString(sum[:])
	out, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// forgeries are what an attacker might write into a plan. Case P4.
var forgeries = []struct {
	name   string
	change func(p map[string]any)
}{
	{"another id", func(p map[string]any) { change(p, "key.orders")["id"] = "key-2" }},
	{"another call", func(p map[string]any) { change(p, "key.orders")["calls"] = []any{"DisableKey"} }},
	{"a further call", func(p map[string]any) {
		c := change(p, "key.orders")
		c["calls"] = append(c["calls"].([]any), "ScheduleKeyDeletion")
	}},
	{"another action", func(p map[string]any) { change(p, "key.orders")["action"] = "!" }},
	{"a protected key forgotten", func(p map[string]any) {
		c := change(p, "key.orders")
		c["action"], c["calls"], c["diff"] = ".", []any{}, nil
	}},
	{"no protection", func(p map[string]any) { change(p, "key.orders")["protected"] = false }},
	{"another gateway", func(p map[string]any) { change(p, "key.orders")["gateway"] = "other" }},
	{"another kind", func(p map[string]any) { change(p, "key.orders")["kind"] = "secret" }},
	{"another value", func(p map[string]any) {
		change(p, "key.new")["diff"] = change(p, "key.orders")["diff"]
	}},
	{"a pre-image", func(p map[string]any) { change(p, "key.orders")["pre_image"] = map[string]any{"State": "Enabled"} }},
	{"a move", func(p map[string]any) { change(p, "key.orders")["moved_from"] = "key.x" }},
	{"a second plus for an address that exists", func(p map[string]any) {
		p["changes"] = append(p["changes"].([]any), map[string]any{"address": "key.orders", "kind": "key", "gateway": "main", "action": "+", "calls": []any{"CreateKey"}})
	}},
	{"a change of nobody's", func(p map[string]any) {
		p["changes"] = append(p["changes"].([]any), map[string]any{"address": "key.x", "kind": "key", "gateway": "main", "action": "~", "id": "key-9", "calls": []any{"DisableKey"}})
	}},
	{"a raised limit among the variables", func(p map[string]any) {
		v := p["made_from"].(map[string]any)["variables"].([]any)[0].(map[string]any)
		v["flag"], v["value"] = true, map[string]any{"type": "string", "msgpack": "qmNuLWJlaWppbmc="}
	}},
}

func change(p map[string]any, address string) map[string]any {
	for _, c := range p["changes"].([]any) {
		if c := c.(map[string]any); c["address"] == address {
			return c
		}
	}
	panic("no change of " + address)
}

// Case P4. Nothing of an edited plan is carried out, whatever its checksum says: the seal refuses it, and so
// does the comparison when the seal is made anew, by who read the state.
func TestEditedPlans(t *testing.T) {
	for _, f := range forgeries {
		t.Run(f.name, func(t *testing.T) {
			m := newModule(t)
			raw := edit(t, m.save(hcl.Inputs{}), f.change)
			if _, err := m.apply(raw, hcl.Inputs{}); !errors.Is(err, planfile.ErrDamaged) {
				t.Errorf("sealed: %v", err)
			}
			if f.name == "a raised limit among the variables" {
				return // who can read the state could as well have made this plan
			}
			saved, err := planfile.Decode(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			now, _ := m.plan(m.load(hcl.Inputs{}))
			if c := planfile.Compare(saved.Plan, now); len(c.Differences) == 0 {
				t.Error("no difference was found")
			}
		})
	}
}

// The reports of a plan may differ, and what only a plan made now has is left, and named.
func TestWhatIsNotComparedAndWhatIsLeft(t *testing.T) {
	m := newModule(t)
	raw := m.save(hcl.Inputs{})
	m.key().Attrs["creator"] = cty.StringVal("x")
	saved, err := planfile.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	now, _ := m.plan(m.load(hcl.Inputs{}))
	now.Created, now.Warnings, now.Drift = m.now.Add(time.Hour), []plan.Warning{{Summary: "new"}}, []plan.Drift{{}}
	now.Changes[0].Reason, now.Changes[0].DependsOn = "another", nil
	extra := plan.Change{Addr: addr.Resource(plan.KindKey, "extra"), Kind: plan.KindKey, Action: plan.Create, Calls: []string{"CreateKey"}}
	now.Changes = append(now.Changes, extra)
	now.Files = append(now.Files, plan.FileChange{Addr: addr.DataBlock("encrypt", "g"), Action: plan.Update, Path: "g.enc"})
	now.Batches = []plan.Batch{{Addr: addr.Resource("batch", "a"), Waits: "it has not been planned yet", Starts: true}}
	c := planfile.Compare(saved.Plan, now)
	if err := c.Err(); err != nil {
		t.Error(err)
	}
	if list := c.Plan.Batches; len(list) != 1 || list[0].Starts {
		t.Errorf("a batch that nobody approved is started: %+v", list)
	}
	saved.Plan.Batches = []plan.Batch{{Addr: addr.Resource("batch", "a"), Starts: true}, {Addr: addr.Resource("batch", "b"), Forgets: "3 objects"}}
	if c := planfile.Compare(saved.Plan, now); !c.Plan.Batches[0].Starts || len(c.Differences) != 1 {
		t.Errorf("a batch that was approved: %+v, %v", c.Plan.Batches, c.Err())
	}
	if len(c.Left) != 1 || c.Left[0].Addr != extra.Addr || len(c.LeftFiles) != 1 || c.LeftFiles[0].Path != "g.enc" {
		t.Errorf("left %v %v", c.Left, c.LeftFiles)
	}
	for _, kept := range c.Plan.Changes {
		if kept.Addr == extra.Addr {
			t.Error("an action that nobody approved is carried out")
		}
	}
	if len(c.Plan.Files) != 1 || len(now.Changes) != 4 {
		t.Errorf("files %v, %d changes", c.Plan.Files, len(now.Changes))
	}
}

// An edited date ends no soak.
func TestTimeIsNeverLaterThanNow(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, created := range []time.Time{now.Add(-time.Hour), now, now.AddDate(1, 0, 0)} {
		f := &planfile.File{Plan: &plan.Plan{Created: created}}
		if got := f.Time(now); got.After(now) || created.Before(now) && !got.Equal(created) {
			t.Errorf("made at %v: %v", created, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	m := newModule(t)
	good := string(m.save(hcl.Inputs{}))
	old, err := os.ReadFile("testdata/format1.plan") // of the release before format 2; kept for good
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, raw string
		want      error
	}{
		{"empty", "", planfile.ErrNotAPlan},
		{"another file", `{"version":4}`, planfile.ErrNotAPlan},
		{"no JSON", "PK\x03\x04", planfile.ErrNotAPlan},
		{"older", string(old), planfile.ErrOldPlan},
		{"newer", strings.Replace(good, `"format_version":2`, `"format_version":3`, 1), planfile.ErrNewer},
		{"no format", strings.Replace(good, `"format_version":2`, `"format_version":0`, 1), planfile.ErrDamaged},
		{"edited", strings.Replace(good, "key.orders", "key.orderz", 1), planfile.ErrDamaged},
		{"truncated", good[:len(good)/2], planfile.ErrNotAPlan},
	}
	for _, test := range tests {
		if _, err := planfile.Decode(strings.NewReader(test.raw)); !errors.Is(err, test.want) || !strings.Contains(err.Error(), "plan") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(good), "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := m.apply(indented.Bytes(), hcl.Inputs{}); err != nil {
		t.Errorf("a plan that an editor indented: %v", err)
	}
}

// A marked value that slipped into a plan must not reach the disk.
func TestEncodeRefusesSensitiveValues(t *testing.T) {
	v := cty.StringVal("canary").Mark(hcl.Sensitive)
	for _, p := range []*plan.Plan{
		{Changes: []plan.Change{{Diff: []plan.AttrDiff{{Name: "x", After: v}}}}},
		{Drift: []plan.Drift{{Diff: []plan.AttrDiff{{Name: "x", Before: v}}}}},
		{Outputs: []plan.OutputChange{{Name: "x", After: cty.ListVal([]cty.Value{v})}}},
	} {
		var b bytes.Buffer
		if err := (&planfile.File{Plan: p}).Encode(&b); err == nil || strings.Contains(b.String()+err.Error(), "canary") {
			t.Errorf("error %v, wrote %q", err, b.String())
		}
	}
}

// Values that promise more than they hold end in an error, without memory or time to match.
func TestHostileValues(t *testing.T) {
	m := newModule(t)
	good := m.save(hcl.Inputs{})
	for name, form := range map[string]any{
		"four thousand million elements": map[string]any{"type": []any{"list", "string"}, "msgpack": []byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0xa1, 'a'}},
		"a map of as many":               map[string]any{"type": []any{"map", "string"}, "msgpack": []byte{0xdf, 0xff, 0xff, 0xff, 0xff}},
		"nested a million deep":          map[string]any{"type": "dynamic", "msgpack": bytes.Repeat([]byte{0x91}, 1<<20)},
		"an endless number":              map[string]any{"type": "number", "msgpack": append([]byte{0xac}, "9e0260492063"...)},
		"elements of several types":      map[string]any{"type": []any{"list", "dynamic"}, "msgpack": mixed()},
		"no type":                        map[string]any{"msgpack": []byte{0xc0}},
		"bytes behind it":                map[string]any{"type": "string", "msgpack": []byte{0xc0, 0xc0}},
		"a code that means nothing":      map[string]any{"type": "string", "msgpack": []byte{0xc1}},
		"a string that ends early":       map[string]any{"type": "string", "msgpack": []byte{0xd9, 9, 'a'}},
		"not even a length":              map[string]any{"type": "string", "msgpack": []byte{0xda, 9}},
		"text":                           "x",
	} {
		raw := edit(t, good, func(p map[string]any) {
			change(p, "key.orders")["diff"].([]any)[0].(map[string]any)["after"] = form
		})
		if _, err := planfile.Decode(bytes.NewReader(raw)); !errors.Is(err, planfile.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// mixed is a list whose elements say that they are a string and a number.
func mixed() []byte {
	return append(append([]byte{0x92, 0x92, 0xc4, 8}, "\"string\"\xa1a"...), append([]byte{0x92, 0xc4, 8}, "\"number\"\x01"...)...)
}

// No file makes Decode panic, and what it reads it can compare and write again.
func FuzzDecode(f *testing.F) {
	m := newModule(f)
	f.Add(m.save(hcl.Inputs{}))
	old, _ := os.ReadFile("testdata/format1.plan")
	f.Add(old)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, raw := range [][]byte{raw, resummed(raw)} {
			got, err := planfile.Decode(bytes.NewReader(raw))
			if err != nil {
				continue
			}
			planfile.Compare(got.Plan, got.Plan)
			var b bytes.Buffer
			if err := got.Encode(&b); err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
		}
	})
}

// resummed gives an input the checksum it needs to be read at all.
func resummed(raw []byte) []byte {
	var e map[string]json.RawMessage
	if json.Unmarshal(raw, &e) != nil {
		return nil
	}
	var compact bytes.Buffer
	if json.Compact(&compact, e["plan"]) != nil {
		return nil
	}
	sum := sha256.Sum256(compact.Bytes())
	e["checksum"] = []byte(`"` + hex.EncodeToString(sum[:]) + `"`)
	out, _ := json.Marshal(e)
	return out
}
