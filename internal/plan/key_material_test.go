package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

const imported = `key "k" {
  origin = "EXTERNAL"
  material {
    file = "k.bin"
  }
}`

// expiring is imported with an expiry.
func expiring(at time.Time) string {
	return strings.Replace(imported, `"k.bin"`, "\"k.bin\"\n    expires = \""+at.Format(time.RFC3339)+"\"", 1)
}

// Every row of planMaterial's table, as calls.
func TestKeyMaterialIsImportedWhenItIsMissingOrEndsAnotherTime(t *testing.T) {
	bring := []string{"GetParametersForImport", "ImportKeyMaterial"}
	now := newWorld(t).now
	year, week := now.AddDate(1, 0, 0), now.AddDate(0, 0, 7)
	lost := func(w *world) { w.setState(w.key("key.k"), plan.StatePendingImport) }
	tests := []struct {
		name          string
		first, second string
		world         func(w *world)
		calls         []string
		reason        string
		warns         string
	}{
		{name: "a new key", second: imported, calls: slices.Concat([]string{"CreateKey"}, bring)},
		{name: "a new key that is to be disabled", second: strings.Replace(imported, "material", "enabled = false\n  material", 1), calls: slices.Concat([]string{"CreateKey"}, bring, []string{"DisableKey"})},
		{name: "a key that waits for its material", first: strings.ReplaceAll(imported, "material {\n    file = \"k.bin\"\n  }", ""), second: imported, calls: bring, reason: "its material is imported"},
		{name: "at rest", first: imported, second: imported},
		{name: "deleted", first: imported, second: imported, world: lost, calls: bring, reason: "its material is imported"},
		{name: "expired", first: expiring(week), second: expiring(year), world: func(w *world) {
			w.now = week.AddDate(0, 0, 1)
			lost(w)
		}, calls: bring, reason: "its material expired on " + week.Format(time.DateOnly)},
		{name: "expired in a deletion window", first: expiring(week), second: expiring(year), world: func(w *world) {
			w.setState(w.key("key.k"), plan.StatePendingDeletion)
			w.now = week.AddDate(0, 0, 1)
		}, calls: slices.Concat([]string{"CancelKeyDeletion"}, bring)},
		{name: "in a deletion window", first: expiring(year), second: expiring(year), world: func(w *world) {
			w.setState(w.key("key.k"), plan.StatePendingDeletion)
		}, calls: []string{"CancelKeyDeletion"}},
		{name: "another expiry", first: expiring(year), second: expiring(year.AddDate(1, 0, 0)), calls: bring},
		{name: "never instead of an expiry", first: expiring(year), second: strings.Replace(imported, `"k.bin"`, "\"k.bin\"\n    expires = null", 1), calls: bring},
		{name: "an expiry that is not managed", first: expiring(year), second: imported},
		{name: "an expiry in another zone", first: expiring(year), second: expiring(year.In(time.FixedZone("", 8*3600)))},
		{name: "an expiry that comes near", first: expiring(week), second: expiring(week), warns: "in 7 days"},
		{name: "one that comes near, and is put off", first: expiring(week), second: expiring(year), calls: bring},
		{name: "one that is not near by its own measure", first: expiring(week), second: strings.Replace(expiring(week), "file", "warn_days = 3\n    file", 1)},
		{name: "one that nothing here manages", first: expiring(week), second: `key "k" { origin = "EXTERNAL" }`, warns: "in 7 days"},
		{name: "material that is not at hand", first: imported, second: imported, world: func(w *world) {
			lost(w)
			w.materials = map[addr.Address]plan.Material{{Kind: "key", Name: "k"}: {Match: state.NotCompared, Problem: "there is no file k.bin"}}
		}, calls: bring, warns: "there is no file k.bin. Apply needs it"},
		{name: "none at hand, and none needed", first: imported, second: imported, world: func(w *world) {
			w.materials = map[addr.Address]plan.Material{{Kind: "key", Name: "k"}: {Match: state.NotCompared, Problem: "there is no file k.bin"}}
		}},
		{name: "a disabled key's expiry", first: expiring(year), second: expiring(year.AddDate(1, 0, 0)), world: func(w *world) { w.setState(w.key("key.k"), plan.StateDisabled) }, calls: bring},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			if test.first != "" {
				w.apply(test.first)
			}
			if test.world != nil {
				test.world(w)
			}
			p := w.plan(config(t, test.second))
			c := p.Changes[0]
			if p.Refused() || !slices.Equal(c.Calls, test.calls) || !strings.Contains(c.Reason, test.reason) {
				t.Errorf("%s, because %q: want %v and %q", lines(p), c.Reason, test.calls, test.reason)
			}
			if len(p.Warnings) > 0 != (test.warns != "") || test.warns != "" && !strings.Contains(p.Warnings[0].Detail, test.warns) {
				t.Errorf("warnings: %+v, want %q", p.Warnings, test.warns)
			}
			if slices.Contains(test.calls, "ImportKeyMaterial") {
				w.carryOut(config(t, test.second), p)
				if again := w.plan(config(t, test.second)); len(again.Changes[0].Calls) > 0 {
					t.Errorf("again: %s", lines(again))
				}
			}
		})
	}
}

// An import that could not but fail is an error of the configuration.
func TestKeyMaterialThatIsPastBeforeItIsImported(t *testing.T) {
	w := newWorld(t)
	if _, diags := plan.Calculate(w.input(config(t, expiring(w.now.Add(-time.Hour))))); !diags.HasErrors() || diags[0].Subject == nil || !strings.Contains(diags[0].Detail, "is past") {
		t.Errorf("%v", diags)
	}
}

func (w *world) importMaterial(o *plan.Object, body hcl.Body) {
	o.Attrs["material_expires"] = cty.NullVal(cty.String)
	if v, ok := body.Blocks[kind.MaterialBlock]["expires"]; ok {
		o.Attrs["material_expires"] = v
	}
	if o.State == plan.StatePendingImport {
		w.setState(o, plan.StateEnabled)
	}
}
