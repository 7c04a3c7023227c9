package apply_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

const gateway = "gateway \"g\" {\n region = \"cn-hangzhou\"\n public {}\n}\n"

// stack is a module, its state and its service in one directory.
type stack struct {
	dir     string
	store   *local.Store
	service *service
	input   apply.Input
}

// openStack opens the stack at dir; its module is written by configure.
func openStack(dir string) (*stack, error) {
	store, err := local.Open(filepath.Join(dir, "s.json"), local.Options{})
	if err != nil {
		return nil, err
	}
	s := &stack{dir: dir, store: store, service: &service{dir: filepath.Join(dir, "service")}}
	if err := os.MkdirAll(s.service.dir, 0o700); err != nil {
		return nil, err
	}
	s.input.Work = apply.Work{
		Store: store, Writer: "test",
		Handlers: func(string) resource.Handler { return handler{s.service} },
		Gateways: map[string]resource.GatewayClients{"g": {}},
		Now:      func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) },
	}
	return s, nil
}

func newStack(t testing.TB, module string) *stack {
	t.Helper()
	s, err := openStack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.configure(t, module)
	return s
}

func (s *stack) configure(t testing.TB, module string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "main.kms.hcl"), []byte(gateway+module), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.load(); err != nil {
		t.Fatal(err)
	}
}

func (s *stack) load() error {
	cfg, diags := hcl.Load(hcl.Inputs{Dir: s.dir, Env: []string{"KMSPLAN_VAR_password=" + canary}})
	if diags.HasErrors() {
		return diags
	}
	s.input.Config = cfg
	return nil
}

// plan makes the plan a planner would: create what is new, update descriptions that differ, take
// away what is gone (aliases are deleted, keys retired).
func (s *stack) plan(st state.State) *plan.Plan {
	p := &plan.Plan{Lineage: st.Lineage, Serial: st.ObjectsSerial}
	objects := plan.Remember(s.input.Config, st, plan.Live{})
	for _, b := range s.input.Config.Blocks {
		for _, a := range b.Instances {
			if b.Kind.Data() {
				p.Files = append(p.Files, plan.FileChange{Addr: a, Action: plan.Update, Path: "x"})
				continue
			}
			c := plan.Change{Addr: a, Kind: b.Kind.Name, Gateway: "g", Action: plan.Create, Protected: b.Kind.Protected,
				DependsOn: s.input.Config.DependsOn(a)}
			if r, ok := state.Find(st, a.String()); ok {
				c.ID, c.Action = r.ID, plan.NoOp
				if body, _ := s.input.Config.Body(a, objects); differs(body.Attrs["description"], r) {
					c.Action = plan.Update
				}
			}
			p.Changes = append(p.Changes, c)
		}
	}
	for _, r := range st.Resources {
		a, err := addr.Parse(r.Address)
		if err == nil && s.input.Config.Block(a.Block()) == nil {
			c := plan.Change{Addr: a, Kind: r.Kind, Gateway: "g", Action: plan.Delete, ID: r.ID}
			if r.Kind == "key" {
				c.Action = plan.Retire
			}
			if r.Attributes["state"] == "Disabled" {
				c.Action = plan.NoOp
			}
			p.Changes = append(p.Changes, c)
		}
	}
	return p
}

// apply recovers, plans and applies.
func (s *stack) apply(t testing.TB) (apply.Report, error) {
	t.Helper()
	found, err := apply.Recover(t.Context(), s.input.Work)
	if err != nil {
		return apply.Report{}, err
	}
	s.input.Plan = s.plan(found.State)
	return apply.Run(t.Context(), s.input)
}

func (s *stack) mustApply(t testing.TB) apply.Report {
	t.Helper()
	report, err := s.apply(t)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (s *stack) state(t testing.TB) state.State {
	t.Helper()
	st, _, err := s.store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// checkNothingLost holds the promise: every object of the service is in state once, and
// state has nothing else.
func (s *stack) checkNothingLost(t testing.TB) {
	t.Helper()
	byID := map[string]string{}
	for _, r := range s.state(t).Resources {
		byID[r.ID] = r.Address
	}
	live := s.service.all(t)
	seen := map[string]bool{}
	for _, o := range live {
		if byID[o.ID] != o.Address {
			t.Errorf("%s exists as %s, and state has %q for it", o.ID, o.Address, byID[o.ID])
		}
		if seen[o.Address] {
			t.Errorf("%s exists twice", o.Address)
		}
		seen[o.Address] = true
	}
	if len(byID) != len(live) {
		t.Errorf("state has %d objects, the service %d", len(byID), len(live))
	}
	if entries, err := s.store.ReadJournal(t.Context()); err != nil || len(entries) > 0 {
		t.Errorf("the journal was left with %d entries, %v", len(entries), err)
	}
}
