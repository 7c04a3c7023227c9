package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Every row of askImport's table, and what is in the way of an import.
func TestMaterialThatIsAskedFor(t *testing.T) {
	now := newWorld(t).now
	week, year := now.AddDate(0, 0, 7), now.AddDate(1, 0, 0)
	bare := `key "k" { origin = "EXTERNAL" }`
	until := func(at time.Time) plan.Import { return plan.Import{Match: state.Same, Said: true, Expires: at} }
	lost := func(w *world) { w.setState(w.key("key.k"), plan.StatePendingImport) }
	with := func(name string, v cty.Value) func(w *world) {
		return func(w *world) { w.key("key.k").Attrs[name] = v }
	}
	tests := []struct {
		name, src    string
		world        func(w *world)
		in           plan.Import
		guard, says  string // of a refusal, or of an error
		calls        bool
		expires      time.Time // as it is asked for in the end
		then, reason string
	}{
		{name: "a key that waits for it", src: bare, in: plan.Import{Match: state.Same}, calls: true, reason: "its material is imported"},
		{name: "what cannot be compared is for KMS to compare", src: bare, calls: true},
		{name: "until a time", src: bare, in: until(week), calls: true, expires: week},
		{name: "other than it had", src: bare, in: plan.Import{Match: state.Different}, guard: plan.GuardOtherMaterial, says: "not the one that was imported"},
		{name: "other than it had, at rest", src: imported, in: plan.Import{Match: state.Different}, guard: plan.GuardOtherMaterial, says: "not the one that was imported"},
		{name: "at rest", src: imported, in: plan.Import{Match: state.Same}, reason: "its material is there, and expires never"},
		{name: "at rest, to expire", src: imported, in: until(year), calls: true, expires: year},
		{name: "never any more", src: expiring(year), in: until(time.Time{}), calls: true, then: "says that it expires on " + year.Format(time.RFC3339)},
		{name: "deleted", src: expiring(year), world: lost, calls: true, expires: year, reason: "its material was deleted|its material is imported"},
		{name: "as the block says, and that is past", src: expiring(week), world: func(w *world) {
			lost(w)
			w.now = year
		}, says: "its material block says so"},
		{name: "as it was said, and that is past", src: expiring(week), in: until(now.Add(-time.Second)), says: "a later one, or never"},
		{name: "though the block's is past", src: expiring(week), world: func(w *world) {
			lost(w)
			w.now = week.AddDate(0, 0, 1)
		}, in: until(year), calls: true, expires: year, reason: "its material expired on " + week.Format(time.DateOnly), then: "that is past, and no plan is made with it"},
		{name: "a disabled key's expiry", src: imported, world: func(w *world) { w.setState(w.key("key.k"), plan.StateDisabled) }, in: until(week), calls: true, expires: week},
		{name: "an asymmetric key", src: bare, world: with("spec", cty.StringVal("RSA_2048")), guard: plan.GuardImpossible, says: "its spec is RSA_2048"},
		{name: "a key that KMS made", src: bare, world: with("origin", cty.StringVal("Aliyun_KMS")), guard: plan.GuardImpossible, says: "KMS made its material"},
		{name: "a state that nobody knows", src: bare, world: func(w *world) { w.setState(w.key("key.k"), "Strange") }, guard: plan.GuardImpossible, says: "its state is Strange"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(test.src)
			if test.world != nil {
				test.world(w)
			}
			in := w.input(config(t, test.src))
			asks := ask("key", "k", plan.ActImport, "")
			asks.Import = test.in
			in.Requests = []plan.Request{asks}
			p, diags := plan.Calculate(in)
			if test.says != "" && test.guard == "" {
				if !strings.Contains(diags.Error(), test.says) {
					t.Errorf("%v, want %q", diags, test.says)
				}
				return
			}
			fatalErrors(t, diags)
			c := p.Changes[0]
			if test.guard != "" {
				if len(p.Refusals) != 1 || p.Refusals[0].Guard != test.guard || !strings.Contains(refusalText(p.Refusals[0]), test.says) || len(c.Calls) > 0 {
					t.Errorf("refused: %+v, calls %v", p.Refusals, c.Calls)
				}
				return
			}
			want := ""
			if test.calls {
				want = "GetParametersForImport ImportKeyMaterial"
			}
			if got := strings.Join(c.Calls, " "); p.Refused() || got != want {
				t.Errorf("%s: want the calls %q", lines(p), want)
			}
			if test.calls && !c.Asked.Import.Expires.Equal(test.expires) {
				t.Errorf("it would expire at %s, want %s", c.Asked.Import.Expires, test.expires)
			}
			first, second, _ := strings.Cut(test.reason, "|")
			if !strings.Contains(c.Reason, first) && (second == "" || !strings.Contains(c.Reason, second)) || !strings.Contains(strings.Join(p.Then, " "), test.then) || test.then == "" && len(p.Then) > 0 {
				t.Errorf("because %q, then %q", c.Reason, p.Then)
			}
		})
	}
}

// What is wrong with the block of another object, or with what the block of this one wants, is no matter of what is asked for:
// a key that rotates is not held up by one whose material expired.
func TestWhatIsWrongWithABlockHoldsUpNothingThatIsAskedFor(t *testing.T) {
	w := newWorld(t)
	week := w.now.AddDate(0, 0, 7)
	src := expiring(week) + "\nkey \"r\" {}\n"
	w.apply(src)
	w.now = week.AddDate(0, 0, 1)
	w.setState(w.key("key.k"), plan.StatePendingImport)
	if _, diags := plan.Calculate(w.input(config(t, src))); !diags.HasErrors() {
		t.Fatal("the block is not wrong")
	}
	in := w.input(config(t, src))
	in.Requests = []plan.Request{ask("key", "r", plan.ActRotate, "")}
	p, diags := plan.Calculate(in)
	if diags.HasErrors() || p.Refused() || !p.Changes[0].Needs("CreateKeyVersion") || len(p.Warnings) > 0 {
		t.Errorf("%v %s %v", diags, lines(p), p.Warnings)
	}
}
