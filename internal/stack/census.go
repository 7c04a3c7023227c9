package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// Dir is the module's directory, from which paths of the census go.
func (s *Stored) Dir() string { return s.config.Dir }

// Owned says what of kmsplan's own a path is, or "": a sealed state is an envelope, and none that anybody rewraps.
func (s *Stored) Owned(path string) string {
	switch what := s.config.Owned().Reaches(path); what {
	case hcl.OwnedConfig, hcl.OwnedVars:
		return "" // they may be kept encrypted
	default:
		return what
	}
}

// EditCensus is Edit for what is beside the objects: a saved plan stays good.
func (s *Stored) EditCensus(ctx context.Context, operation string, edit func(state.State) (state.State, error)) error {
	return s.options.locked(ctx, s.store, operation, func(at state.Position) error {
		next, err := edit(at.State)
		if err != nil || state.SameContent(next, at.State) {
			return err
		}
		_, err = s.store.CompareAndSwap(ctx, at.Version, next.NextCensus(version.Number))
		return err
	})
}

// counted is the state with the imported entries of its census as their files are now, and the paths of those that are not
// there. The state itself stays as it is.
func (s *Stack) counted(ctx context.Context) (st state.State, absent map[string]bool) {
	st = s.State
	if !slices.ContainsFunc(st.Files, state.File.Imported) {
		return st, nil
	}
	var changed []census.Entry
	st.Files, changed = census.Refreshed(st.Files, census.LookAtImported(ctx, s.Config.Dir, st.Files))
	s.noteChanged(changed)
	absent = map[string]bool{}
	for i := range changed {
		if e := &changed[i]; e.Status == census.Missing || e.Status == census.Unreadable {
			absent[e.Path] = true
		}
	}
	return st, absent
}

// maxNoted bounds how many files one note names.
const maxNoted = 5

func (s *Stack) noteChanged(changed []census.Entry) {
	by := map[string][]string{}
	for i := range changed {
		e := &changed[i]
		by[e.Status] = append(by[e.Status], e.Path)
	}
	for _, how := range []struct{ status, says string }{
		{census.Changed, "are not what the census has of them, and count as they are now"},
		{census.Missing, "are in the census and not there, and count as the census has them; `kmsplan state rm` forgets those that nobody needs"},
		{census.Unreadable, "are in the census and cannot be read as encrypted files, and count as the census has them"},
	} {
		names := by[how.status]
		if len(names) == 0 {
			continue
		}
		listed := names
		if len(names) > maxNoted {
			listed = append(slices.Clone(names[:maxNoted]), fmt.Sprintf("and %d more", len(names)-maxNoted))
		}
		s.options.Note(fmt.Sprintf("of the imported files %s %s. kmsplan status shows them, and with -refresh records what they are", strings.Join(listed, ", "), how.says))
	}
}
