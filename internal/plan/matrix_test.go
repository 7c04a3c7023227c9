package plan_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
)

const planningDoc = "../../docs/planning.md"

var (
	wishes = []string{"declared", "imported", "vanished, protected", "vanished", "removed: forget", "removed: retire", "removed: delete", "torn down"}
	lives  = []string{"absent", "alive", "waits for deletion", "ours by its tags", "ours, waits for deletion", "somebody else's", "somebody else's, waits for deletion"}
	done   = map[plan.Action]string{
		plan.NoOp: "nothing", plan.Create: "create", plan.Adopt: "adopt", plan.Rescue: "rescue", plan.Retire: "retire, one step",
		plan.Delete: "delete", plan.Forget: "forget", plan.Update: "update", plan.Succeed: "succeed",
	}
)

// The behaviour of the planner, for everything that configuration, state and service can say together, is the table of docs/planning.md.
func TestTheMatrixIsTheDocumentations(t *testing.T) {
	page, err := os.ReadFile(planningDoc)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- generated: matrix -->\n", "<!-- end generated -->"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the matrix", planningDoc)
	}
	want := before + begin + matrix() + end + after
	if want == string(page) {
		return
	}
	if update := flag.Lookup("update"); update == nil || update.Value.String() != "true" {
		t.Fatalf("%s is out of date: go test ./internal/plan -update writes the matrix anew", planningDoc)
	}
	if err := os.WriteFile(planningDoc, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func matrix() string {
	var b strings.Builder
	b.WriteString("| kind | configuration | state | service | what is done |\n|---|---|---|---|---|\n")
	for _, kind := range []string{plan.KindKey, plan.KindSecret, plan.KindAlias, plan.KindRotation, plan.KindPredecessor} {
		for desired, wish := range wishes {
			for _, known := range []bool{false, true} {
				for live, presence := range lives {
					f := plan.Facts{Kind: kind, Desired: plan.Desired(desired), Known: known, Live: plan.Presence(live)}
					if !possible(f) {
						continue
					}
					for _, needed := range []bool{false, true} {
						if needed && (kind != plan.KindPredecessor || verdict(f) == verdict(whenNeeded(f))) {
							continue
						}
						if f.Needed = needed; needed {
							presence += ", and needed"
						}
						fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", kind, wish, map[bool]string{false: "unknown", true: "known"}[known], presence, verdict(f))
					}
				}
			}
		}
	}
	return b.String()
}

func whenNeeded(f plan.Facts) plan.Facts { f.Needed = true; return f }

// possible leaves out what cannot be: what is not declared is asked about only when state has it, and who it belongs to only when not.
func possible(f plan.Facts) bool {
	found := f.Live >= plan.FoundOurs
	switch f.Kind {
	case plan.KindRotation:
		return f.Live == plan.Absent && (f.Known || f.Desired == plan.Declared) && f.Desired != plan.Imported
	case plan.KindPredecessor:
		return f.Known && !found && (f.Desired == plan.Declared || f.Desired == plan.ToForget || f.Desired == plan.ToRetire || f.Desired == plan.TornDown)
	case plan.KindAlias:
		if f.Live == plan.Dying || f.Live == plan.FoundDying || f.Live == plan.FoundForeignDying {
			return false
		}
	case plan.KindKey:
		if f.Live == plan.FoundForeign || f.Live == plan.FoundForeignDying {
			return false
		}
	}
	switch {
	case f.Desired == plan.Declared && !f.Known:
		return found || f.Live == plan.Absent
	case f.Desired == plan.Imported:
		return !f.Known && !found
	}
	return f.Known && !found
}

func verdict(f plan.Facts) string {
	v := plan.Decide(f)
	switch {
	case v.Guard != "":
		return "refused: `" + v.Guard + "`"
	case v.Compare && v.Action == plan.NoOp && f.Kind == plan.KindKey:
		return "update what differs; what KMS cannot change: refused (`immutable-attribute`), or succeed (`»`)"
	case v.Compare && v.Action == plan.NoOp:
		return "update what differs"
	case v.Compare:
		return done[v.Action] + ", and update what differs"
	}
	return done[v.Action]
}
