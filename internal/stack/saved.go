package stack

import (
	"context"
	"fmt"
	"os"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
)

// Saved binds a plan to what it was made from, so that it may be saved.
func (s *Stack) Saved(p *plan.Plan, scope plan.Scope) (*planfile.File, error) {
	described := *p
	described.Configuration = s.Config.Described()
	f, err := planfile.New(&described, s.world(), scope)
	if err != nil && s.fingerprints().Failure() != nil {
		err = hint(err, "Or leave out with -target what it writes, or apply without a saved plan.")
	}
	return f, err
}

// world is what the stack's plans are made from.
func (s *Stack) world() planfile.World {
	return planfile.World{Config: s.Config, State: s.State, Live: s.live, Sources: s.sources(), Materials: s.materialSums(), Fingerprints: s.fingerprints()}
}

// sources tells the digests of what encrypt blocks encrypt.
func (s *Stack) sources() func(addr.Address, string) ([]byte, bool) {
	of := map[addr.Address]string{}
	blocks, err := s.dataBlocks(anyBlock)
	if err != nil {
		blocks = nil // the plan says so
	}
	for _, b := range blocks {
		if b.Addr.Kind == "encrypt" && b.Source != "" {
			of[b.Addr] = b.Source
		}
	}
	return func(a addr.Address, _ string) ([]byte, bool) {
		source, ok := of[a]
		if !ok {
			return nil, false
		}
		root, err := os.OpenRoot(s.Config.Dir)
		if err != nil {
			return nil, false
		}
		defer root.Close()
		sum, err := ops.Digest(root, source)
		return sum, err == nil
	}
}

// Again is a saved plan held against one that was made now.
type Again struct {
	Plan *plan.Plan // what both have, to carry out
	// Left are the actions and files that only the plan made now has. They are not done.
	Left      []plan.Change
	LeftFiles []plan.FileChange
}

// More reports whether something is left that the saved plan knows nothing of.
func (a Again) More() bool { return len(a.Left)+len(a.LeftFiles) > 0 }

// Accepts asks, before anything is read or called, whether a plan was made in the workspace that is selected.
func (s *Stack) Accepts(f *planfile.File) error {
	if err := f.In(s.Config.Workspace); err != nil {
		return hint(err, inWorkspace(f.Plan.Workspace))
	}
	return nil
}

// inWorkspace says how a command works where a plan was made.
func inWorkspace(name string) string {
	return fmt.Sprintf("A plan is applied in the workspace that it was made in: set %s=%s for this command, or run kmsplan workspace select %s.", WorkspaceVariable, name, name)
}

// Confirm plans again what was surveyed, with a saved plan's targets and its time for what soaks, and compares
// the actions: a saved plan is believed in nothing. Errors: planfile.ErrStale, planfile.ErrDamaged, InvalidError.
func (s *Stack) Confirm(ctx context.Context, f *planfile.File) (Again, error) {
	if f.Binding.Destroy {
		s.Destroy()
	}
	if err := f.Holds(s.world()); err != nil {
		return Again{}, err
	}
	today := s.gateways.now(ctx)
	now, _, err := s.planAt(ctx, f.Binding.Scope, f.Time(today), today)
	if err != nil {
		return Again{}, err
	}
	both := planfile.Compare(f.Plan, now)
	return Again{Plan: both.Plan, Left: both.Left, LeftFiles: both.LeftFiles}, both.Err()
}
