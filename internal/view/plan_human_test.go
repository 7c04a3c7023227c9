package view

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// list makes a list of strings.
func list(elements ...string) cty.Value {
	var out []cty.Value
	for _, e := range elements {
		out = append(out, text(e))
	}
	return cty.ListVal(out)
}

// says demands lines of a plan.
func says(t *testing.T, p *plan.Plan, wanted ...string) string {
	t.Helper()
	shown := printed(78, false, func(term *Terminal) { term.Plan(p) })
	for _, want := range wanted {
		if !strings.Contains(shown, want) {
			t.Errorf("the plan does not say %q:\n%s", want, shown)
		}
	}
	return shown
}

// Case S22. TestPlanShowsWhatGoesAndWhere shows the attributes of what is deleted, and the gateway where there are several.
func TestPlanShowsWhatGoesAndWhere(t *testing.T) {
	p := wholePlan()
	says(t, p, "# alias.app will be destroyed\n  # (on gateway \"hz\")\n  - alias \"app\" {\n      - key  = \"key-1\" -> null\n      - name = \"alias/app\" -> null\n    }",
		"# secret.s will be created\n  # (on gateway \"sh\")")
	for i := range p.Changes {
		p.Changes[i].Gateway = "hz"
	}
	if shown := says(t, p); strings.Contains(shown, "on gateway") {
		t.Errorf("with a single gateway it is named:\n%s", shown)
	}
}

// Case S22. TestPlanShowsElements shows what comes and goes in lists, sets and maps, and not the whole of them.
func TestPlanShowsElements(t *testing.T) {
	set := func(elements ...string) cty.Value { return cty.SetVal(list(elements...).AsValueSlice()) }
	nested := func(v string) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{"same": text("x"), "deep": cty.MapVal(map[string]cty.Value{"a": text(v), "b": text("y")})})
	}
	var many []string
	for i := range 60 {
		many = append(many, fmt.Sprintf("key-%02d", i))
	}
	for name, c := range map[string]struct {
		before, after cty.Value
		want          string
	}{
		"list":   {list("a", "b", "c", "d"), list("a", "x", "c", "d"), "~ o = [\n      - \"b\",\n      + \"x\",\n        # (3 unchanged elements hidden)\n    ]"},
		"set":    {set("a", "b", "c"), set("b", "c", "d"), "~ o = [\n      - \"a\",\n      + \"d\",\n        # (2 unchanged elements hidden)\n    ]"},
		"object": {nested("1"), nested("2"), "~ \"deep\" = {\n          ~ \"a\" = \"1\" -> \"2\"\n            # (1 unchanged element hidden)"},
		"long":   {cty.NullVal(cty.DynamicPseudoType), list(many...), "+ o = [\n      + \"key-00\",\n      + \"key-01\",\n"},
		"short":  {cty.NullVal(cty.DynamicPseudoType), list("a"), "+ o = [\"a\"]\n"},
		"other":  {list("a"), text("a"), "~ o = [\"a\"] -> \"a\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			shown := says(t, &plan.Plan{Outputs: []plan.OutputChange{{Name: "o", Before: c.before, After: c.after}}}, c.want)
			for line := range strings.SplitSeq(shown, "\n") {
				if len(line) > 100 {
					t.Errorf("a line of %d columns: %s", len(line), line)
				}
			}
		})
	}
}

// Case P1. TestPlanNamesEveryUnusableFile never says that all is as it should be while a file cannot be worked on.
func TestPlanNamesEveryUnusableFile(t *testing.T) {
	e := addr.DataBlock("encrypt", "e")
	p := &plan.Plan{Files: []plan.FileChange{
		{Addr: e, Action: plan.NoOp, Path: "a.enc", Problem: "the source a does not exist"},
		{Addr: e, Action: plan.NoOp, Path: "b.enc", Problem: "the source b is a directory"},
	}}
	shown := says(t, p, "2 files cannot be\nworked on")
	if strings.Contains(shown, "No changes") {
		t.Errorf("unusable files are called no changes:\n%s", shown)
	}
	p.Files = append(p.Files, plan.FileChange{Addr: e, Action: plan.Update, Path: "c.enc"})
	says(t, p, "Files: 1 to encrypt, 2 unusable.")
}

// Case P1. TestARefusedPlanSaysThatItRescues names the exception to "nothing is called".
func TestARefusedPlanSaysThatItRescues(t *testing.T) {
	p := &plan.Plan{
		Changes:  []plan.Change{{Addr: addr.Resource("key", "k"), Kind: "key", Action: plan.Rescue}},
		Refusals: []plan.Refusal{{Guard: "g", Reason: "No."}},
	}
	says(t, p, "apply takes 1 object out of\nthe deletion window first")
	p.Changes = nil
	if shown := says(t, p); strings.Contains(shown, "deletion window") {
		t.Errorf("a rescue is promised where there is none:\n%s", shown)
	}
}

// Case W10. TestStateShowNamesTheBlock heads an object with the label its block has, and lists its id.
func TestStateShowNamesTheBlock(t *testing.T) {
	shown := printed(78, false, func(term *Terminal) {
		term.Resource(state.Resource{Address: `module.a.key.orders["eu"]`, Kind: "key", ID: "key-1", Attributes: map[string]any{"spec": "Aliyun_AES_256"}}, state.State{})
	})
	for _, want := range []string{"key \"orders\" {\n", "id   = \"key-1\"\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("state show does not say %q:\n%s", want, shown)
		}
	}
}

// A map that was empty is a nil one in Go, and so was the plan's: showing what comes into it panicked.
func TestAnElementComesIntoAnEmptyMap(t *testing.T) {
	empty, one := cty.MapValEmpty(cty.String), cty.MapVal(map[string]cty.Value{"team": text("a")})
	none, some := cty.SetValEmpty(cty.String), cty.SetVal([]cty.Value{text("a")})
	for name, d := range map[string]plan.AttrDiff{
		"comes": {Name: "tags", Before: empty, After: one}, "goes": {Name: "tags", Before: one, After: empty}, "neither": {Name: "tags", Before: empty, After: empty},
		"object": {Name: "tags", Before: cty.EmptyObjectVal, After: one}, "into a set": {Name: "keys", Before: none, After: some}, "out of a set": {Name: "keys", Before: some, After: none},
	} {
		var b bytes.Buffer
		p := &plan.Plan{Created: today, Changes: []plan.Change{{Addr: addr.Resource("key", "k"), Kind: "key", Action: plan.Update, Diff: []plan.AttrDiff{d}}}}
		(&Terminal{Out: &b, Err: &b, Width: 78}).Plan(p)
		if name == "comes" && !strings.Contains(b.String(), `+ "team" = "a"`) {
			t.Error(b.String())
		}
	}
}
