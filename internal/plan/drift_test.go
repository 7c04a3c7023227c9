package plan_test

import (
	"slices"
	"testing"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

// TestDriftThatApplyLeavesIsMarked marks what a block could declare and does not: what is declared is undone, and what only
// the service sets can be declared by nobody.
func TestDriftThatApplyLeavesIsMarked(t *testing.T) {
	for _, test := range []struct {
		name, block string
		change      func(w *world)
		kept        []string
	}{
		{"not declared", `key "k" {}`, func(w *world) { w.key("key.k").Attrs["description"] = cty.StringVal("theirs") }, []string{"description"}},
		{"declared", `key "k" { description = "ours" }`, func(w *world) { w.key("key.k").Attrs["description"] = cty.StringVal("theirs") }, nil},
		{"ignored", "key \"k\" {\n  description = \"ours\"\n  lifecycle {\n    ignore_changes = [description]\n  }\n}", func(w *world) { w.key("key.k").Attrs["description"] = cty.StringVal("theirs") }, []string{"description"}},
		{"dying", `key "k" {}`, func(w *world) { w.setState(w.key("key.k"), plan.StatePendingDeletion) }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(test.block)
			test.change(w)
			p := w.plan(config(t, test.block))
			if len(p.Drift) != 1 || !slices.Equal(p.Drift[0].Kept, test.kept) {
				t.Errorf("drift %+v, want kept %q", p.Drift, test.kept)
			}
		})
	}
}

func TestTimeLeft(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]string{
		-time.Second: "its window has ended", 0: "its window has ended", time.Minute: "less than an hour left", time.Hour: "1 hour left",
		47 * time.Hour: "47 hours left", 48 * time.Hour: "2 days left", 700 * time.Hour: "29 days left",
	} {
		if got := plan.TimeLeft(now.Add(left), now); got != want {
			t.Errorf("%s: %q, want %q", left, got, want)
		}
	}
	if got := plan.TimeLeft(time.Time{}, now); got != "the service gives no date" {
		t.Error(got)
	}
}

// Suggested blocks are as fmt leaves them: who copies one is not asked to lay it out again.
func TestSuggestedBlocksAreFormatted(t *testing.T) {
	for _, block := range []string{
		plan.BlockText("removed", "from", "key.k", "action", `"retire"`), plan.BlockText("moved", "from", "key.a", "to", "key.b"),
		plan.BlockText("import", "to", "key.k", "id", `"key-1"`, "take_over", `"x"`),
	} {
		out, diags := hcl.Format([]byte(block), "main.kms.hcl")
		if diags.HasErrors() || string(out) != block[1:] && string(out) != block {
			t.Errorf("fmt makes of\n%s\n%s%v", block, out, hclv2.Diagnostics(diags))
		}
	}
}

// What moves by itself is no drift, and a refresh records it: census and status hold files against the primary version.
func TestWhatMovesByItselfIsRecorded(t *testing.T) {
	w := newWorld(t)
	const block = `key "k" {}`
	w.apply(block)
	in := w.input(config(t, block))
	if d := plan.Drifted(in); len(d.Drift)+len(d.Moved) > 0 {
		t.Fatalf("at rest: %+v", d)
	}
	w.key("key.k").Attrs["primary_version"] = cty.StringVal("v-next")
	in = w.input(config(t, block))
	d := plan.Drifted(in)
	if len(d.Drift) > 0 || len(d.Moved) != 1 || len(d.Moved[0].Diff) != 1 || d.Moved[0].Diff[0].Name != "primary_version" {
		t.Fatalf("%+v", d)
	}
	if got := plan.Recorded(in.Config, in.State, d.Moved).Resources[0].Attributes["primary_version"]; got != "v-next" {
		t.Errorf("recorded %v", got)
	}
}
