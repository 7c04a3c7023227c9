package plan_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

func saved(t testing.TB, p *plan.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := plan.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSavedPlanReadsBackTheSame(t *testing.T) {
	w := newWorld(t)
	w.apply(stack)
	w.setState(w.key("key.orders"), plan.StatePendingDeletion)
	in := w.input(config(t, edit(t, stack, `"90d"`, `"30d"`, `alias/orders`, `alias/sales`)+`key "new" {
  tags = { a = key.orders.arn }
}`))
	in.Files = []plan.FileStatus{{Addr: addr.DataBlock("encrypt", "f"), Path: "f.enc"}}
	p, diags := plan.Calculate(in)
	fatalErrors(t, diags)
	p.Bind(in.Config)
	got, err := plan.Decode(bytes.NewReader(saved(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines(p), lines(got)); diff != "" {
		t.Error(diff)
	}
	if got.Lineage != p.Lineage || got.Serial != p.Serial || !got.Created.Equal(p.Created) || got.ConfigDigest != p.ConfigDigest || got.Writer != p.Writer {
		t.Errorf("got %+v", got)
	}
	if got.Changes[0].PreImage == nil || !got.Changes[0].PreImage.Equal(*p.Changes[0].PreImage) {
		t.Error("the pre-image did not survive")
	}
}

// Secret values of every provenance are in no byte of a saved plan, also not as
// base64 or hash of low cost.
func TestSavedPlanHoldsNoSecret(t *testing.T) {
	w := newWorld(t)
	first := w.plan(config(t, stack+generated))
	w.apply(stack + generated)
	second := w.plan(config(t, edit(t, stack, "hunter2-canary", "hunter3-canary")+generated))
	for _, p := range []*plan.Plan{first, second} {
		raw := string(saved(t, p))
		for _, canary := range []string{"hunter2", "hunter3", "canary", "aHVudGVy"} {
			if strings.Contains(raw, canary) {
				t.Errorf("%q is in the saved plan", canary)
			}
		}
		if !strings.Contains(raw, "write_only") {
			t.Error("the plan says nothing of the value")
		}
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
		if err := plan.Encode(&b, p); err == nil || strings.Contains(b.String()+err.Error(), "canary") {
			t.Errorf("error %v, wrote %q", err, b.String())
		}
	}
}

func TestDecodeRefusals(t *testing.T) {
	w := newWorld(t)
	good := string(saved(t, w.plan(config(t, stack))))
	tests := []struct {
		name, raw string
		want      error
	}{
		{"empty", "", plan.ErrNotAPlan},
		{"another file", `{"version":4}`, plan.ErrNotAPlan},
		{"no JSON", "PK\x03\x04", plan.ErrNotAPlan},
		{"newer", strings.Replace(good, `"format_version":1`, `"format_version":2`, 1), plan.ErrNewerPlan},
		{"edited", strings.Replace(good, "Order database", "Other database", 1), plan.ErrPlanDamaged},
		{"truncated", good[:len(good)/2], plan.ErrNotAPlan},
		{"no checksum", strings.Replace(good, `"checksum":"`, `"checksum":"0`, 1), plan.ErrPlanDamaged},
	}
	for _, test := range tests {
		if _, err := plan.Decode(strings.NewReader(test.raw)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	indented := &bytes.Buffer{}
	if err := json.Indent(indented, []byte(good), "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Decode(indented); err != nil {
		t.Errorf("a plan that an editor indented: %v", err)
	}
}

// The body of a plan under a right checksum, and anything at all.
func FuzzDecode(f *testing.F) {
	w := newWorld(f)
	good := saved(f, w.plan(config(f, stack)))
	var outer struct{ Plan json.RawMessage }
	if err := json.Unmarshal(good, &outer); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(outer.Plan))
	for _, value := range []string{
		`{"type":"string","value":{"u":true}}`, `{"type":["map","dynamic"],"value":{"m":{"a":{"u":true},"b":null}}}`,
		`{"type":["set","number"],"value":{"l":[{"n":"1"},{"u":true}]}}`, `{"type":["object",{"a":"bool"}],"value":{"m":{"a":true}}}`,
		`{"type":["tuple",["string"]],"value":{"l":["x"]}}`, `{"type":"number","value":{"n":"1e999999999"}}`, `{"type":"dynamic","value":null}`,
	} {
		f.Add([]byte(`{"outputs":[{"name":"x","before":` + value + `,"after":null}]}`))
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var compact bytes.Buffer
		if json.Compact(&compact, raw) == nil {
			sum := sha256.Sum256(compact.Bytes())
			raw = fmt.Appendf(nil, `{"kind":"kmsplan-plan","format_version":1,"checksum":"%x","plan":%s}`, sum, compact.Bytes())
		}
		p, err := plan.Decode(bytes.NewReader(raw))
		if err != nil {
			return
		}
		again, err := plan.Decode(bytes.NewReader(saved(t, p)))
		if err != nil || lines(again) != lines(p) {
			t.Fatalf("does not read back the same: %v", err)
		}
	})
}

// Values of every shape survive, unknown parts included.
func TestSavedValuesReadBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values(3).Draw(t, "value")
		p := &plan.Plan{Outputs: []plan.OutputChange{{Name: "x", Before: cty.NullVal(cty.String), After: v}}}
		var b bytes.Buffer
		if err := plan.Encode(&b, p); err != nil {
			t.Fatal(err)
		}
		got, err := plan.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		if after := got.Outputs[0].After; !after.RawEquals(v) {
			t.Fatalf("%#v became %#v", v, after)
		}
	})
}

func values(depth int) *rapid.Generator[cty.Value] {
	return rapid.Custom(func(t *rapid.T) cty.Value {
		n := rapid.IntRange(0, 8).Draw(t, "shape")
		if depth == 0 {
			n %= 5
		}
		switch n {
		case 0:
			return cty.StringVal(rapid.String().Draw(t, "s"))
		case 1:
			return cty.BoolVal(rapid.Bool().Draw(t, "b"))
		case 2:
			return cty.NumberIntVal(rapid.Int64().Draw(t, "n"))
		case 3:
			return cty.NullVal(cty.Map(cty.String))
		case 4:
			return cty.UnknownVal(cty.Set(cty.String))
		case 5:
			return cty.ObjectVal(map[string]cty.Value{"u": values(depth-1).Draw(t, "u"), "m": values(depth-1).Draw(t, "m")})
		case 6:
			return cty.TupleVal([]cty.Value{values(depth-1).Draw(t, "1"), values(depth-1).Draw(t, "2")})
		case 7:
			return cty.MapVal(map[string]cty.Value{"l": cty.StringVal(rapid.String().Draw(t, "s")), "x": cty.UnknownVal(cty.String)})
		}
		return cty.SetVal([]cty.Value{cty.StringVal(rapid.String().Draw(t, "s")), cty.StringVal("fixed")})
	})
}

// A saved plan holds for the configuration it was made from: files, variables
// and what functions read.
func TestBoundToConfiguration(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func(vars ...hcl.Assignment) *hcl.Config {
		t.Helper()
		cfg, diags := hcl.Load(hcl.Inputs{Dir: dir, Vars: vars})
		fatalErrors(t, diags)
		return cfg
	}
	write("main.kms.hcl", gateway+`
variable "team" { default = "orders" }
variable "pw" {
  type      = string
  sensitive = true
  ephemeral = true
  default   = "a"
}
key "k" {
  description = file("text")
  tags        = { team = var.team }
}
secret "s" {
  name     = "s"
  value    = var.pw
  instance = null
}
`)
	write("text", "one")
	p := newWorld(t).plan(load())
	p.Bind(load())
	if err := p.Bound(load()); err != nil {
		t.Fatalf("nothing changed: %v", err)
	}
	if err := p.Bound(load(hcl.Assignment{Name: "pw", Value: "b"})); err != nil {
		t.Errorf("a secret is supplied again at apply, and held by no digest: %v", err)
	}
	if err := p.Bound(load(hcl.Assignment{Name: "team", Value: "sales"})); !errors.Is(err, plan.ErrStalePlan) {
		t.Errorf("another variable: %v", err)
	}
	write("text", "two")
	if err := p.Bound(load()); !errors.Is(err, plan.ErrStalePlan) {
		t.Errorf("another file below file(): %v", err)
	}
	write("text", "one")
	write("more.kms.hcl", "# a comment\n")
	if err := p.Bound(load()); !errors.Is(err, plan.ErrStalePlan) {
		t.Errorf("another module file: %v", err)
	}
	if err := (&plan.Plan{}).Bound(load()); err == nil {
		t.Error("a plan that was never bound")
	}
}

func TestPreImageSeesWhatMatters(t *testing.T) {
	o := newWorld(t).newKey()
	was := *plan.PreImageOf(o)
	o.Attrs["primary_version"], o.Attrs["next_rotation"] = cty.StringVal("v2"), cty.StringVal("2027-01-01T00:00:00Z")
	if !plan.PreImageOf(o).Equal(was) {
		t.Error("a rotation by the service is no other key")
	}
	for name, v := range map[string]cty.Value{"description": cty.StringVal("x"), "deletion_protection": cty.True} {
		old := o.Attrs[name]
		o.Attrs[name] = v
		if plan.PreImageOf(o).Equal(was) {
			t.Errorf("%s changed unseen", name)
		}
		o.Attrs[name] = old
	}
	o.State, o.DeleteAt = plan.StatePendingDeletion, time.Unix(1, 0)
	if plan.PreImageOf(o).Equal(was) {
		t.Error("the state changed unseen")
	}
}
