package view

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// objectJSON renders an object's attributes. What is not known yet is left out of the values and true among the unknown.
func objectJSON(attrs map[string]cty.Value) (values, unknown map[string]any) {
	values, unknown = map[string]any{}, map[string]any{}
	for name, v := range attrs {
		value, missing := partsJSON(v)
		if missing != true {
			values[name] = value
		}
		if missing != nil {
			unknown[name] = missing
		}
	}
	return values, unknown
}

// partsJSON renders the known parts of a value; missing is nil where all is known, true where nothing is, and otherwise
// has the form of the value.
func partsJSON(v cty.Value) (value, missing any) {
	switch {
	case v == cty.NilVal || v.ContainsMarked():
		return nil, nil
	case !v.IsKnown():
		return nil, true
	case v.IsWhollyKnown():
		return valueJSON(v), nil
	case v.Type().IsMapType() || v.Type().IsObjectType():
		return objectJSON(v.AsValueMap())
	}
	var list, gaps []any
	for _, e := range v.AsValueSlice() {
		part, gap := partsJSON(e)
		list, gaps = append(list, part), append(gaps, gap == true)
	}
	return list, gaps
}

// valueJSON renders a value; marked ones never leave.
func valueJSON(v cty.Value) any {
	if v == cty.NilVal || !v.IsWhollyKnown() || v.ContainsMarked() {
		return nil
	}
	b, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return nil
	}
	return json.RawMessage(b)
}

// marksJSON names the attributes whose values are never shown.
func marksJSON(c *plan.Change) map[string]any {
	marks := map[string]any{}
	for _, name := range c.WriteOnly {
		marks[name] = true
	}
	return marks
}

// outputValuesJSON are all outputs, before and after.
func outputValuesJSON(p *plan.Plan) (before, after map[string]any) {
	before, after = map[string]any{}, map[string]any{}
	enter := func(into map[string]any, name string, v cty.Value) {
		if absent(v) {
			return
		}
		entry := map[string]any{"sensitive": false}
		if value, missing := partsJSON(v); missing == nil {
			ty, err := ctyjson.MarshalType(v.Type())
			if err != nil {
				return
			}
			entry["type"], entry["value"] = json.RawMessage(ty), value
		}
		into[name] = entry
	}
	for name, v := range p.SteadyOutputs {
		enter(before, name, v)
		enter(after, name, v)
	}
	for _, o := range p.Outputs {
		enter(before, o.Name, o.Before)
		enter(after, o.Name, o.After)
	}
	return before, after
}

// modules gathers resources by the module they stand in.
type modules map[addr.Module][]any

func newModules() modules { return modules{} }

func (m modules) add(a addr.Address, values, sensitive map[string]any) {
	entry := resourceJSON(a)
	delete(entry, "module_address")
	entry["schema_version"], entry["values"], entry["sensitive_values"] = 0, values, sensitive
	m[a.Module] = append(m[a.Module], entry)
}

// json is the root module with the others as its children, whatever their depth: the address of each is whole.
func (m modules) json() map[string]any {
	root := map[string]any{}
	if len(m[""]) > 0 {
		root["resources"] = m[""]
	}
	var children []any
	for _, path := range slices.Sorted(maps.Keys(m)) {
		if path != "" {
			children = append(children, map[string]any{"address": string(path), "resources": m[path]})
		}
	}
	if children != nil {
		root["child_modules"] = children
	}
	return root
}
