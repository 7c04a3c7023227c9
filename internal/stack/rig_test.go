package stack_test

import (
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// rig is a module in a directory of its own, on the embedded emulator.
type rig struct {
	t       *testing.T
	dir     string
	options stack.Options
	notes   []string
}

// gateway is the gateway block of every module here.
const gateway = "gateway \"dev\" {\n  emulator {}\n}\n"

// newRig writes a module: the gateway block and text.
func newRig(t *testing.T, text string) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir()}
	r.options.Note = func(text string) { r.notes = append(r.notes, text) }
	r.write("main.kms.hcl", gateway+text)
	return r
}

// write writes a file of the module.
func (r *rig) write(name, text string) {
	r.t.Helper()
	name = filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) module() stack.Module { return stack.Module{Dir: r.dir} }

// open opens the module for planning.
func (r *rig) open() *stack.Stack {
	r.t.Helper()
	s, err := stack.Open(r.module(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { r.close(s) })
	return s
}

// close ends a stack before the test does: one emulator directory has one holder at a time.
func (r *rig) close(s *stack.Stack) {
	r.t.Helper()
	if err := s.Close(); err != nil {
		r.t.Error(err)
	}
}

// plan surveys and plans.
func (r *rig) plan(s *stack.Stack) *plan.Plan {
	r.t.Helper()
	if err := s.Survey(r.t.Context(), "plan", plan.Scope{}); err != nil {
		r.t.Fatal(err)
	}
	p, _, err := s.Plan(r.t.Context(), plan.Scope{})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// apply plans and carries the plan out, without a mistake.
func (r *rig) apply() apply.Report {
	r.t.Helper()
	s := r.open()
	defer r.close(s)
	report, err := s.Apply(r.t.Context(), r.plan(s), stack.Applying{})
	if err != nil {
		r.t.Fatal(err)
	}
	return report
}

// run runs data blocks.
func (r *rig) run(how stack.Running) (apply.Report, error) {
	r.t.Helper()
	s, err := stack.OpenForFiles(r.module(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	defer r.close(s)
	_, report, err := s.Run(r.t.Context(), how)
	return report, err
}

// mustRun is run without a mistake.
func (r *rig) mustRun(how stack.Running) apply.Report {
	r.t.Helper()
	report, err := r.run(how)
	if err != nil {
		r.t.Fatal(err)
	}
	return report
}
