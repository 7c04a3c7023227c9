package view

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
)

// lookedUp lists what was read for the plan, a line each.
func (r planText) lookedUp(list []plan.Lookup) {
	told := false
	for i := range list {
		if l := &list[i]; l.Deferred == "" {
			r.printf("%sRead %s\n", paint(r.color, bold, l.Addr.String()+": "), foundText(l))
			told = true
		}
	}
	if told {
		r.printf("\n")
	}
}

// foundText says in a few words what a lookup found.
func foundText(l *plan.Lookup) string {
	found := func(name string) cty.Value {
		if l.Value == cty.NilVal || !l.Value.Type().IsObjectType() || !l.Value.Type().HasAttribute(name) {
			return cty.NilVal
		}
		return l.Value.GetAttr(name)
	}
	for _, list := range []struct{ name, what string }{{"ids", "key"}, {"names", "name"}} {
		if v := found(list.name); v != cty.NilVal && v.IsKnown() && !v.IsNull() {
			return "[" + plural(v.LengthInt(), list.what) + "]"
		}
	}
	for _, name := range []string{"id", "key", "name"} {
		if v := found(name); v != cty.NilVal && v.Type() == cty.String && v.IsKnown() && !v.IsNull() && (name != "key" || l.Addr.Kind == "alias") {
			return "[" + name + "=" + neutral(v.AsString()) + "]"
		}
	}
	return "[done]"
}

// putOff are the lookups that are read during apply.
func putOff(p *plan.Plan) []*plan.Lookup {
	var out []*plan.Lookup
	for i := range p.Lookups {
		if p.Lookups[i].Deferred != "" {
			out = append(out, &p.Lookups[i])
		}
	}
	return out
}

// lookup prints one that is read during apply: why then, and what it asks.
func (r planText) lookup(l *plan.Lookup, where bool) {
	r.printf("  # %s will be read during apply\n", paint(r.color, bold, l.Addr.String()))
	r.where(l.Gateway, where)
	r.printf("  # (%s)\n", neutral(l.Deferred))
	var asked []plan.AttrDiff
	for _, name := range slices.Sorted(maps.Keys(l.Arguments)) {
		if v := l.Arguments[name]; !absent(v) {
			asked = append(asked, plan.AttrDiff{Name: name, Before: cty.NullVal(v.Type()), After: v})
		}
	}
	r.block(plan.Read.Sign(), signStyle[plan.Read], fmt.Sprintf("data %q", l.Addr.Kind), l.Addr.Name, asked)
}

// lookupJSON is kmsplan's own account of one lookup.
func lookupJSON(l *plan.Lookup) map[string]any {
	out := map[string]any{"resource": resourceJSON(l.Addr), "gateway": l.Gateway, "action": l.Action().Word(), "calls": []string{}, "attributes": []string{}}
	if l.Deferred != "" {
		out["reason"] = l.Deferred
	}
	return out
}

// lookupChangeJSON is a lookup that is read during apply, as Terraform's plan JSON has it.
func lookupChangeJSON(l *plan.Lookup) map[string]any {
	entry := resourceJSON(l.Addr)
	change := map[string]any{
		"actions": []string{"read"}, "before": nil, "after": nil, "after_unknown": map[string]any{}, "before_sensitive": map[string]any{}, "after_sensitive": map[string]any{},
	}
	if l.Value != cty.NilVal && l.Value.Type().IsObjectType() && l.Value.IsKnown() && !l.Value.IsNull() {
		change["after"], change["after_unknown"] = objectJSON(l.Value.AsValueMap())
	}
	entry["change"], entry["kmsplan"] = change, lookupJSON(l)
	entry["action_reason"] = "read_because_dependency_pending"
	if l.Addr.Check != "" {
		entry["action_reason"] = "read_because_check_nested"
	}
	return entry
}

// lookups writes a line for each lookup: what was read, and what is read during apply.
func (l *Lines) lookups(list []plan.Lookup) {
	for i := range list {
		x := &list[i]
		if x.Deferred == "" {
			l.emit("info", "lookup_complete", x.Addr.String()+": Read "+foundText(x), map[string]any{"lookup": lookupJSON(x)})
			continue
		}
		l.emit("info", "planned_change", fmt.Sprintf("%s: Plan to %s", x.Addr, plan.Read.Word()), map[string]any{"change": lookupJSON(x)})
	}
}
