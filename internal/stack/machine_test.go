package stack_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// attached is the gateway block of a module whose service outlives the machine.
const attached = "gateway \"dev\" {\n  emulator { ready_file = \"ready.json\" }\n}\n"

// machineOn is an empty disk with a module on it, whose service runs elsewhere.
func machineOn(t *testing.T, server *emulator.Server, text string) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir()}
	r.options.Note = func(text string) { r.notes = append(r.notes, text) }
	if err := server.WriteReadyFile(filepath.Join(r.dir, "ready.json")); err != nil {
		t.Fatal(err)
	}
	r.write("main.kms.hcl", attached+text)
	return r
}

// emptied is the service as new.
func emptied(t *testing.T, server *emulator.Server) *emulator.Server {
	t.Helper()
	if err := server.Control().Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	return server
}

// tryApply surveys as an apply does, plans and applies; it ends at the first error.
func (r *rig) tryApply(ctx context.Context) error {
	err := r.applyOnce(ctx)
	if invalid, ok := stack.IsInvalid(err); ok {
		return errors.Join(err, invalid.Diagnostics)
	}
	return err
}

func (r *rig) applyOnce(ctx context.Context) error {
	s, err := stack.Open(r.module(), r.options)
	if err != nil {
		return err
	}
	defer r.close(s)
	if err := s.Survey(ctx, "apply", plan.Scope{}); err != nil {
		return err
	}
	p, _, err := s.Plan(ctx, plan.Scope{})
	if err != nil {
		return err
	}
	_, err = s.Apply(ctx, p, stack.Applying{})
	return err
}

// settled fails the test unless there is nothing left to do, the service has so many keys and aliases, and the state knows so
// many objects, with no call open and none unknown.
func (r *rig) settled(keys, aliases, objects int) {
	r.t.Helper()
	s := r.open()
	defer r.close(s)
	if p := r.plan(s); p.Differs() || p.Refused() {
		for _, c := range p.Changes {
			r.t.Errorf("there is more to do: %s %s", c.Action.Sign(), c.Addr)
		}
		r.t.Errorf("refused: %v", p.Refusals)
	}
	found, err := s.Recover(r.t.Context())
	if err != nil || len(found.Open) > 0 || len(found.Recovered) > 0 || len(found.Strays) > 0 || len(found.State.Resources) != objects {
		r.t.Errorf("the state has %d objects, want %d; open are %v, recovered %v, strays %v; %v",
			len(found.State.Resources), objects, found.Open, found.Recovered, found.Strays, err)
	}
	for operation, want := range map[string]int{"ListKeys": keys, "ListAliases": aliases} {
		if got := r.call(operation, nil)["TotalCount"]; got != float64(want) {
			r.t.Errorf("%s finds %v, want %d", operation, got, want)
		}
	}
}
