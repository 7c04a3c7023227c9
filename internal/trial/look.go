package trial

import (
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// look evaluates outputs and asserts of a run.
func (f *file) look(s *stack.Stack, run *hcl.TestRun, p *plan.Plan, r *Result) {
	objects := s.ObjectsAfter(p, run.Plan)
	outputs := map[string]cty.Value{}
	for _, o := range s.Config.Outputs {
		v, diags := s.Config.OutputValue(o.Name, objects)
		r.diagnose(Fail, diags)
		outputs[o.Name] = v
	}
	f.outputs[run.Name] = cty.ObjectVal(map[string]cty.Value{"output": cty.ObjectVal(outputs)})
	further := f.further(map[string]cty.Value{"output": cty.ObjectVal(outputs), "plan": planValue(p)})
	for _, a := range run.Asserts {
		holds(s.Config, objects, further, a, r)
	}
}

// holds evaluates one assert.
func holds(cfg *hcl.Config, objects hcl.Objects, further map[string]cty.Value, a hcl.TestAssert, r *Result) {
	v, diags := cfg.EvaluateAmong(a.Condition, objects, further)
	v, _ = v.Unmark()
	switch {
	case diags.HasErrors():
		r.diagnose(Errored, diags)
	case v.Type() != cty.Bool && v.IsKnown():
		r.diagnose(Errored, hclv2.Diagnostics{failed(a, "A condition that is none", "A condition is true or false, and this one is neither.")})
	case !v.IsKnown():
		r.diagnose(Errored, hclv2.Diagnostics{failed(a, "A condition that is not known yet",
			"The condition depends on what is known after apply only. Write command = apply, or ask for something else.")})
	case v.IsNull() || v.False():
		r.diagnose(Fail, hclv2.Diagnostics{failed(a, "Test assertion failed", message(cfg, objects, further, a))})
	}
}

// message is what the test's author has to say; a sensitive one is not shown.
func message(cfg *hcl.Config, objects hcl.Objects, further map[string]cty.Value, a hcl.TestAssert) string {
	v, diags := cfg.EvaluateAmong(a.Message, objects, further)
	switch {
	case diags.HasErrors():
		return "The assertion does not hold, and its error_message cannot be evaluated."
	case v.ContainsMarked():
		return "The assertion does not hold; its error_message has a sensitive value in it, and is not shown."
	case !v.IsWhollyKnown() || v.IsNull() || v.Type() != cty.String:
		return "The assertion does not hold, and its error_message is no known text."
	}
	return v.AsString()
}

func failed(a hcl.TestAssert, summary, detail string) *hclv2.Diagnostic {
	return &hclv2.Diagnostic{Severity: hclv2.DiagError, Summary: summary, Detail: detail, Subject: a.Condition.Range().Ptr()}
}

// planValue is what tests see of a plan: the action of every address, the guards that refuse it, and what becomes of files.
func planValue(p *plan.Plan) cty.Value {
	actions, files := map[string]cty.Value{}, map[string]cty.Value{}
	for _, c := range p.Changes {
		actions[c.Addr.String()] = cty.StringVal(c.Action.Word())
	}
	for _, c := range p.Files {
		files[c.Path] = cty.StringVal(c.Action.Word())
	}
	var guards, drift []cty.Value
	for _, g := range p.Refusals {
		guards = append(guards, cty.StringVal(g.Guard))
	}
	for _, d := range p.Drift {
		drift = append(drift, cty.StringVal(d.Addr.String()))
	}
	return cty.ObjectVal(map[string]cty.Value{
		"actions": cty.ObjectVal(actions), "files": texts(files), "refusals": list(guards), "drift": list(drift), "empty": cty.BoolVal(p.Empty()),
	})
}

func list(elements []cty.Value) cty.Value {
	if len(elements) == 0 {
		return cty.ListValEmpty(cty.String)
	}
	return cty.ListVal(elements)
}

func texts(m map[string]cty.Value) cty.Value {
	if len(m) == 0 {
		return cty.MapValEmpty(cty.String)
	}
	return cty.MapVal(m)
}

// expected are the failures that a run is to have.
type expected struct {
	names []string
	met   map[string]bool
}

func (e *expected) any() bool { return len(e.names) > 0 }

// meets reports whether a failure at an address is expected, of the instance or its block, and notes it.
func (e *expected) meets(at string) bool {
	for _, name := range e.names {
		if name == at || strings.HasPrefix(at, name+"[") {
			e.met[name] = true
			return true
		}
	}
	return false
}

// ofPlan holds what guards and conditions refuse against what is expected.
func (e *expected) ofPlan(p *plan.Plan, r *Result) {
	for _, g := range p.Refusals {
		if !e.meets(g.Addr.String()) && !e.meets("guard."+strings.ReplaceAll(g.Guard, "-", "_")) {
			r.fail(Fail, fmt.Sprintf("The guard %s refuses the plan: %s", g.Guard, g.Reason))
		}
	}
	for _, c := range p.Checks {
		if c.Bad() && !e.meets(c.Addr.String()) {
			r.fail(Fail, fmt.Sprintf("%s: %s.", c.Addr, c.Why()))
		}
	}
}

// missed fails a run without a failure that it was to have.
func (e *expected) missed(r *Result) {
	for _, name := range e.names {
		if !e.met[name] {
			r.fail(Fail, fmt.Sprintf("%s was expected to fail, and it did not.", name))
		}
	}
}

// broken is a run that ends with an error: one that is expected is none.
func (f *file) broken(err error, e *expected, r *Result) {
	invalid, ok := stack.IsInvalid(err)
	if !ok {
		r.fail(Errored, err.Error())
		return
	}
	for name, source := range invalid.Files {
		r.Sources[name] = source
	}
	for _, d := range invalid.Diagnostics {
		if d.Severity == hclv2.DiagError && e.meets(hcl.SubjectOf(d)) {
			continue
		}
		r.diagnose(Errored, hclv2.Diagnostics{d})
	}
	e.missed(r)
}
