package view

import (
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// A refused plan said that kmsplan will perform what it refuses.
func TestARefusedPlanSaysWhatItWouldDo(t *testing.T) {
	p := &plan.Plan{
		Changes:  []plan.Change{{Addr: addr.Resource("key", "k"), Kind: "key", Action: plan.Create}},
		Refusals: []plan.Refusal{{Guard: "g", Reason: "No."}},
	}
	shown := says(t, p, "kmsplan would perform the following actions if no guard refused:", "Plan: 1 to add, 0 to change, 0 to destroy.\nRefused: nothing of this is done.\n")
	if strings.Contains(shown, "will perform") {
		t.Errorf("it is promised all the same:\n%s", shown)
	}
	p.Changes = append(p.Changes, plan.Change{Addr: addr.Resource("key", "r"), Kind: "key", Action: plan.Rescue})
	says(t, p, "kmsplan will perform the rescues among the following actions.", "Refused: nothing of this is done but the rescue of 1 object.")
	p.Refusals = nil
	if shown := says(t, p, "kmsplan will perform the following actions:"); strings.Contains(shown, "Refused") {
		t.Errorf("a plan that nothing refuses:\n%s", shown)
	}
}

// A plan of files alone had no signs explained, and no file said where its key is.
func TestFilesHaveALegendAndAGateway(t *testing.T) {
	p := &plan.Plan{Files: []plan.FileChange{
		{Addr: addr.DataBlock("encrypt", "a"), Action: plan.Create, Path: "a.enc", Gateway: "hz"},
		{Addr: addr.DataBlock("encrypt", "b"), Action: plan.Update, Path: "b.enc", Gateway: "sh"},
		{Addr: addr.DataBlock("encrypt", "c"), Action: plan.NoOp, Path: "c.enc", Gateway: "sh"},
	}}
	says(t, p, "  + create\n  ~ update in-place\n\nkmsplan will perform the following actions:\n", "# data.encrypt.a will be encrypted\n  # (on gateway \"hz\")\n  + \"a.enc\"", "(on gateway \"sh\")\n  ~ \"b.enc\"")
	p.Files = p.Files[:1]
	if shown := says(t, p); strings.Contains(shown, "on gateway") || strings.Contains(shown, "~ update") {
		t.Errorf("one gateway is named, or a sign explained that is not there:\n%s", shown)
	}
}

// A plan without changes said how to perform "exactly these actions".
func TestASavedPlanWithoutActionsOffersNone(t *testing.T) {
	saved := func(p *plan.Plan) string { return printed(78, false, func(term *Terminal) { term.Saved("p", p) }) }
	if got := saved(&plan.Plan{}); strings.Contains(got, "kmsplan apply") || !strings.Contains(got, "Saved the plan to p. It has nothing for apply to do.") {
		t.Error(got)
	}
	if got := saved(&plan.Plan{Outputs: []plan.OutputChange{{Name: "o"}}}); !strings.Contains(got, "kmsplan apply p\n") {
		t.Error(got)
	}
}

// A move was told of twice, in its heading and below it.
func TestAMoveIsToldOfOnce(t *testing.T) {
	p := &plan.Plan{Changes: []plan.Change{{Addr: addr.Resource("key", "b"), Kind: "key", Action: plan.NoOp, MovedFrom: addr.Resource("key", "a")}}}
	if shown := says(t, p, "# key.b has moved from key.a\n"); strings.Count(shown, "key.a") != 1 || strings.Contains(shown, "with these signs") {
		t.Error(shown)
	}
}

// A key whose window has ended was "over" in one place, "due" in another, and had no word in a third.
func TestAWindowThatHasEndedHasOneWord(t *testing.T) {
	p := &plan.Plan{Created: today, Dying: []plan.DyingKey{{ID: "key-1", DeleteAt: today.Add(-time.Hour)}}}
	says(t, p, "("+plan.TimeLeft(p.Dying[0].DeleteAt, today)+")", "(its window has ended)")
}

// Drift of what no block declares came back at every plan, without a word on what to do.
func TestDriftThatStaysSaysWhatToDo(t *testing.T) {
	p := &plan.Plan{Drift: []plan.Drift{{Addr: addr.Resource("key", "k"), Kind: "key", Diff: []plan.AttrDiff{{Name: "description", Before: text("a"), After: text("b")}}, Kept: []string{"description"}}}}
	says(t, p, "apply leaves description so: declare it, or record it as it is with `kmsplan refresh`")
}
