package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// today is when these tests take place.
var today = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// printed is what a terminal of the width shows.
func printed(width int, color bool, show func(*Terminal)) string {
	var b bytes.Buffer
	show(&Terminal{Out: &b, Err: &b, Width: width, Color: color, ErrColor: color})
	return b.String()
}

// TestProseKeepsTheTerminalsWidth wraps a long error at the width of a narrow and a wide terminal, inside its rule.
func TestProseKeepsTheTerminalsWidth(t *testing.T) {
	err := errors.New(strings.Repeat("a sentence that goes on and on ", 20))
	for _, width := range []int{40, 78, 120} {
		for _, color := range []bool{false, true} {
			text := printed(width, color, func(term *Terminal) { term.Error("Something is wrong", err, "Mend it.") })
			for line := range strings.SplitSeq(unpainted(text), "\n") {
				if n := len([]rune(line)); n > width {
					t.Errorf("width %d, color %v: a line of %d columns: %q", width, color, n, line)
				}
				if color && line != "" && !strings.ContainsAny(line[:3], "╷│╵") {
					t.Errorf("a line stands outside the rule: %q", line)
				}
			}
		}
	}
}

// TestCommandsStayInOnePiece holds that no command in prose is broken over two lines.
func TestCommandsStayInOnePiece(t *testing.T) {
	for width := 30; width < 90; width++ {
		if text := wrap("Check the endpoint, the route and HTTPS_PROXY with `kmsplan doctor -json`. Then go on.", width); !strings.Contains(text, "`kmsplan doctor -json`") {
			t.Errorf("width %d:\n%s", width, text)
		}
	}
}

// unpainted takes the colours out.
func unpainted(s string) string {
	for _, code := range []style{bold, red, green, yellow, cyan, dim, reset, "\x1b[4m"} {
		s = strings.ReplaceAll(s, string(code), "")
	}
	return s
}

// TestTheServiceCannotDriveTheTerminal holds that control characters in what the service says are shown, not
// obeyed, in every rendering.
func TestTheServiceCannotDriveTheTerminal(t *testing.T) {
	const evil = "a\x1b]0;owned\x07\x1b[2Jb\u202e\u009bc\r"
	p := &plan.Plan{
		Changes: []plan.Change{{
			Addr: addr.Resource("key", "k"), Kind: "key", Action: plan.Update, ID: evil, Reason: evil,
			Diff: []plan.AttrDiff{{Name: "description", Before: cty.StringVal(evil), After: cty.StringVal("b")}},
		}},
		Created:  today,
		Radius:   []plan.Radius{{Addr: addr.Resource("key", evil), Files: 1}},
		Dying:    []plan.DyingKey{{ID: evil, DeleteAt: today}},
		Refusals: []plan.Refusal{{Guard: "g", Reason: evil, WaysForward: []string{evil}}},
		Warnings: []plan.Warning{{Summary: evil, Detail: evil}},
	}
	diags := hclv2.Diagnostics{{Severity: hclv2.DiagError, Summary: evil, Detail: evil}}
	for name, show := range map[string]func(*Terminal){
		"plan":        func(term *Terminal) { term.Plan(p) },
		"diagnostics": func(term *Terminal) { term.Diagnostics(diags, nil) },
		"error":       func(term *Terminal) { term.Error("failed", errors.New(evil), evil) },
		"finding":     func(term *Terminal) { term.Findings([]Finding{{Gateway: evil, Check: evil, Detail: evil}}) },
		"answer":      func(term *Terminal) { term.Answer(mustJSON(t, map[string]any{"Description": evil})) },
		"outputs":     func(term *Terminal) { term.Outputs(map[string]any{"o": evil}) },
		"note":        func(term *Terminal) { term.Notef("%s", evil) },
		"recovery": func(term *Terminal) {
			term.Recovery(apply.Recovery{Strays: []apply.Stray{{Claim: plan.Claim{Kind: "key", ID: evil, Address: evil}, Gateway: evil}}})
		},
		"recovered": func(term *Terminal) { term.Recovered(apply.Recovered{ID: evil, Duplicates: []string{evil}}) },
		"applied": func(term *Terminal) {
			term.Applied(apply.Report{State: state.State{Outputs: map[string]any{"o": evil}}})
		},
		"step": func(term *Terminal) {
			term.Done(apply.Step{Addr: addr.Resource("key", "k")}, apply.Outcome{ID: evil, Duplicates: []string{evil}})
		},
		"state": func(term *Terminal) {
			term.Resource(state.Resource{Address: evil, Kind: "key", ID: evil, Attributes: map[string]any{"d": evil}}, state.State{})
		},
		"result":      func(term *Terminal) { term.Result(nil, evil) },
		"document":    func(term *Terminal) { NewDocument(term, "1").Plan(p) },
		"answer json": func(term *Terminal) { NewDocument(term, "1").Answer(mustJSON(t, map[string]any{"Description": evil})) },
		"lines":       func(term *Terminal) { NewLines(term.Out, "1", func() time.Time { return today }).Plan(p) },
	} {
		text := printed(78, false, show)
		if i := strings.IndexAny(text, "\x1b\x07\r\u202e\u009b"); i >= 0 {
			t.Errorf("%s lets a control character through: %q", name, text[i:min(len(text), i+20)])
		}
		if !strings.Contains(text, "a") {
			t.Errorf("%s showed nothing", name)
		}
	}
}

// TestInertJSONMeansTheSame holds that escaping changes no value.
func TestInertJSONMeansTheSame(t *testing.T) {
	for _, want := range []string{"", "plain", "钥匙", "a\u202eb\u009bc\x7f", "\U000e0001"} {
		doc := inert(mustJSON(t, want))
		var got string
		if err := json.Unmarshal(doc, &got); err != nil || got != want {
			t.Errorf("%s reads as %q (%v), want %q", doc, got, err, want)
		}
	}
}

func mustJSON(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPlanSaysWhatItLeavesForNow shows a key that soaks on its way out, and where a moved one came from; what a
// guard refused is not among the actions. Case S21: what only moves is said to have moved.
func TestPlanSaysWhatItLeavesForNow(t *testing.T) {
	p := &plan.Plan{
		Changes: []plan.Change{
			{Addr: addr.Resource("key", "old"), Kind: "key", Action: plan.NoOp, Reason: "disabled; it soaks until 2030-02-01"},
			{Addr: addr.Resource("key", "b"), Kind: "key", Action: plan.Update, MovedFrom: addr.Resource("key", "a"), Diff: []plan.AttrDiff{{Name: "description"}}},
			{Addr: addr.Resource("key", "d"), Kind: "key", Action: plan.Update, MovedFrom: addr.Resource("key", "c"), Calls: []string{"TagResources"}},
			{Addr: addr.Resource("alias", "t"), Kind: "alias", Action: plan.NoOp},
		},
		Refusals: []plan.Refusal{{Guard: "alias-taken", Addr: addr.Resource("alias", "t"), Reason: "It is taken."}},
	}
	text := printed(78, false, func(term *Terminal) { term.Plan(p) })
	for _, want := range []string{"Left as it is for now:\n  key.old  disabled; it soaks until 2030-02-01", "# (moved from key.a)", "key.d has moved from key.c\n", "1 to change, 0 to destroy, 1 to move."} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "# alias.t") {
		t.Errorf("the plan lists what a guard refused among its actions:\n%s", text)
	}
}
