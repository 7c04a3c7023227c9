package trial

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state/memory"
)

// Options are where a file of tests is run.
type Options struct {
	Module  stack.Module
	Stack   stack.Options
	Sandbox string       // a directory of this file alone, which the caller removes
	Ended   func(Result) // after each run
}

// file is one file of tests at work.
type file struct {
	o       Options
	tests   *hcl.TestFile
	places  map[string]*memory.Place // states, by module directory
	outputs map[string]cty.Value     // run.NAME
}

// File runs the tests of one file in their order. Runs of one module share a state; all share the emulators. What follows a
// run that could not be run to its end is skipped.
func File(ctx context.Context, tests *hcl.TestFile, o Options) (results []Result) {
	f := &file{o: o, tests: tests, places: map[string]*memory.Place{}, outputs: map[string]cty.Value{}}
	stopped := false
	for _, run := range tests.Runs {
		r := Result{File: tests.Name, Run: run.Name, Line: run.Range.Start.Line, Status: Pass, Sources: map[string]*hclv2.File{tests.Name: tests.Source}}
		switch {
		case stopped || ctx.Err() != nil:
			r.Status = Skip
		default:
			f.run(ctx, run, &r)
			stopped = r.Status == Errored
		}
		results = append(results, r)
		o.Ended(r)
	}
	return results
}

// run makes one run.
func (f *file) run(ctx context.Context, run *hcl.TestRun, r *Result) {
	module, ok := f.module(run, r)
	if !ok {
		return
	}
	e := &expected{names: run.ExpectFailures, met: map[string]bool{}}
	o := f.o.Stack
	o.Store, module.Sandbox = f.place(module.Dir).Open(), f.o.Sandbox
	s, err := stack.Open(module, o)
	if err != nil {
		f.broken(err, e, r)
		return
	}
	maps.Copy(r.Sources, s.Config.Files)
	if err := f.carryOut(ctx, s, run, e, r); err != nil {
		f.broken(err, e, r)
	}
	if err := s.Close(); err != nil {
		r.fail(Errored, err.Error())
	}
}

func (f *file) place(dir string) *memory.Place {
	if f.places[dir] == nil {
		f.places[dir] = &memory.Place{}
	}
	return f.places[dir]
}

// module is the module of a run, with the variables that file and run give.
func (f *file) module(run *hcl.TestRun, r *Result) (stack.Module, bool) {
	m := f.o.Module
	if run.Module != "" {
		m.Dir = filepath.Join(m.Dir, filepath.FromSlash(run.Module))
	}
	given, own := map[string]cty.Value{}, map[string]cty.Value{}
	for _, v := range f.tests.Variables {
		value, diags := hcl.EvaluateAlone(v.Expr, f.further(nil))
		r.diagnose(Errored, diags)
		given[v.Name], own[v.Name] = value, value
	}
	for _, v := range run.Variables {
		value, diags := hcl.EvaluateAlone(v.Expr, f.further(map[string]cty.Value{"var": cty.ObjectVal(own)}))
		r.diagnose(Errored, diags)
		given[v.Name] = value
	}
	m.Vars = slices.DeleteFunc(slices.Clone(m.Vars), func(a hcl.Assignment) bool { return given[a.Name] != cty.NilVal })
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, _ := given[name].UnmarkDeep()
		m.Saved = append(m.Saved, hcl.Variable{Name: name, Value: value, Flag: true, From: "the test"})
	}
	return m, r.Status == Pass
}

// further are the names that a test has beside the module's.
func (f *file) further(more map[string]cty.Value) map[string]cty.Value {
	values := map[string]cty.Value{"run": cty.ObjectVal(f.outputs)}
	maps.Copy(values, more)
	return values
}

// carryOut plans, applies and checks what is expected.
func (f *file) carryOut(ctx context.Context, s *stack.Stack, run *hcl.TestRun, e *expected, r *Result) error {
	scope, err := scopeOf(run)
	if err != nil {
		return err
	}
	if run.Advance != "" {
		if err := s.Advance(ctx, run.Advance); err != nil {
			return fmt.Errorf("advance = %q: %w", run.Advance, err)
		}
	}
	if run.Unread {
		s.Reading(plan.ReadNothing)
	}
	if err := s.Survey(ctx, "apply", scope); err != nil {
		return err
	}
	if run.RefreshOnly {
		return f.refresh(ctx, s, run, scope, e, r)
	}
	if run.Destroy {
		s.Destroy()
	}
	p, _, err := s.Plan(ctx, scope)
	if err != nil {
		return err
	}
	r.Plan = p
	if !run.Plan {
		again, err := s.ReadAgain(ctx, p, scope)
		if err != nil {
			return err
		}
		if _, err := s.Apply(ctx, again.Plan, stack.Applying{}); err != nil && !e.any() {
			return err
		}
	}
	e.ofPlan(p, r)
	f.look(s, run, p, r)
	e.missed(r)
	return nil
}

// refresh looks for what changed outside, records it where the run applies, and does nothing else.
func (f *file) refresh(ctx context.Context, s *stack.Stack, run *hcl.TestRun, scope plan.Scope, e *expected, r *Result) error {
	d, err := s.Drift(ctx, scope)
	if err != nil {
		return err
	}
	p := &plan.Plan{Created: d.At, Drift: d.Drift, Dying: d.Dying}
	r.Plan = p
	if !run.Plan {
		if err := s.Refresh(ctx, d); err != nil {
			return err
		}
	}
	f.look(s, run, p, r)
	e.missed(r)
	return nil
}

func scopeOf(run *hcl.TestRun) (scope plan.Scope, err error) {
	for _, list := range []struct {
		names []string
		to    *[]addr.Address
	}{{run.Targets, &scope.Targets}, {run.Exclude, &scope.Excludes}} {
		for _, name := range list.names {
			a, err := addr.ParseTarget(name)
			if err != nil {
				return scope, err
			}
			*list.to = append(*list.to, a)
		}
	}
	return scope, nil
}
