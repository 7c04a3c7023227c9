package apply

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// outputs evaluates the root outputs with what exists now and records those that
// differ. A sensitive value is neither stored nor kept; one that depends on something that was not
// done keeps its old value. A plan of what a person asked for leaves those that it does not name as they are.
func (x *executor) outputs(before map[string]any, p *plan.Plan) error {
	x.showAllData()
	var entries []state.Entry
	var kept error
	declared := map[string]bool{}
	for _, o := range x.work.Config.Outputs {
		declared[o.Name] = true
		if p.Asked && !slices.ContainsFunc(p.Outputs, func(c plan.OutputChange) bool { return c.Name == o.Name }) {
			continue
		}
		if why := plan.KeptOutput(x.work.Config, o.Name, x.objects); why != "" {
			kept = joined(kept, fmt.Errorf("output %q stays as it was: %s", o.Name, why))
			continue
		}
		v, diags := x.work.Config.OutputValue(o.Name, x.objects)
		if diags.HasErrors() {
			return fmt.Errorf("output %q: %w", o.Name, evaluationError(diags))
		}
		var value any
		if !v.ContainsMarked() {
			if !v.IsWhollyKnown() {
				continue
			}
			value = plan.ToState(v)
		}
		if !same(before[o.Name], value) {
			entries = append(entries, state.OutputEntry(o.Name, value))
		}
	}
	for name := range before {
		if !declared[name] && !p.Asked {
			entries = append(entries, state.OutputEntry(name, nil))
		}
	}
	if len(entries) == 0 {
		return kept
	}
	return joined(kept, x.journal.Append(entries...))
}

// same compares a value as state reads it back with one that is about to be stored.
func same(stored, value any) bool {
	data, err := json.Marshal(value)
	if err != nil {
		return false
	}
	var read any
	return json.Unmarshal(data, &read) == nil && reflect.DeepEqual(stored, read)
}
