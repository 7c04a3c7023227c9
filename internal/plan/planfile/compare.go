package planfile

import (
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Comparison is what a saved plan and one made now have in common.
type Comparison struct {
	// Differences are actions of the saved plan that are gone or different now; with any, nothing may be
	// carried out.
	Differences []Difference
	// Plan is what to carry out: the plan made now, without what only it has.
	Plan *plan.Plan
	// Left are the actions that only the plan made now has. They are not done, and somebody should know.
	Left []plan.Change
	// LeftFiles are likewise files of data blocks.
	LeftFiles []plan.FileChange
}

// Difference is one action that is not what was saved.
type Difference struct {
	Addr   addr.Address
	Reason string // a clause: "it is planned no longer", "its id was k and is l" …
}

// DifferenceError says that a saved plan is not what would be planned now. It is ErrStale.
type DifferenceError struct{ Differences []Difference }

func (e *DifferenceError) Error() string {
	text := ErrStale.Error() + ": "
	for i, d := range e.Differences {
		if i == 10 {
			text += fmt.Sprintf("; and %d more", len(e.Differences)-i)
			break
		}
		if i > 0 {
			text += "; "
		}
		text += d.Addr.String() + ": " + d.Reason
	}
	return text + "; nothing was called; plan again"
}

// Is makes errors.Is(err, ErrStale) hold.
func (e *DifferenceError) Is(target error) bool { return target == ErrStale }

// Err is a *DifferenceError when there are differences.
func (c Comparison) Err() error {
	if len(c.Differences) == 0 {
		return nil
	}
	return &DifferenceError{c.Differences}
}

// Compare holds the actions of a saved plan against those of a plan made now from the same configuration,
// with the same targets and at the saved plan's Time. Reports, dates and drift are not compared.
//
// A file that the saved plan would write and that is current now is no difference: `run` was there first.
func Compare(saved, now *plan.Plan) Comparison {
	var c Comparison
	planned := make(map[addr.Address]*plan.Change, len(now.Changes))
	for i := range now.Changes {
		planned[now.Changes[i].Addr] = &now.Changes[i]
	}
	approved := make(map[addr.Address]bool, len(saved.Changes))
	for i := range saved.Changes {
		was := &saved.Changes[i]
		if !was.Acts() {
			continue
		}
		if approved[was.Addr] {
			c.differ(was.Addr, "the saved plan names it twice")
		}
		approved[was.Addr] = true
		if i := slices.IndexFunc(now.Refusals, func(r plan.Refusal) bool { return r.Addr == was.Addr }); i >= 0 && was.Action != plan.Rescue {
			c.differ(was.Addr, "it would be changed (%s), and guard %s refuses that now", was.Action.Sign(), now.Refusals[i].Guard)
			continue
		}
		c.compare(was, planned[was.Addr])
	}
	c.compareLookups(saved, now)
	kept := *now
	kept.Changes = nil
	for _, is := range now.Changes {
		if is.Acts() && !approved[is.Addr] && !safety.Off(safety.SavedNothingMore) {
			c.Left = append(c.Left, is)
			continue
		}
		kept.Changes = append(kept.Changes, is)
	}
	kept.Files, c.LeftFiles = compareFiles(saved.Files, now.Files)
	kept.MovedGateways = slices.DeleteFunc(slices.Clone(now.MovedGateways), func(is plan.MovedGateway) bool {
		return !slices.ContainsFunc(saved.MovedGateways, func(was plan.MovedGateway) bool { return was.From == is.From && was.To == is.To })
	})
	kept.Batches = c.compareBatches(saved, now)
	c.Plan = &kept
	return c
}

// compareBatches leaves out what only the plan made now would do about batches: what moves, is forgotten or starts was approved.
func (c *Comparison) compareBatches(saved, now *plan.Plan) (kept []plan.Batch) {
	find := func(list []plan.Batch, a addr.Address) (b plan.Batch) {
		if i := slices.IndexFunc(list, func(b plan.Batch) bool { return b.Addr == a }); i >= 0 {
			return list[i]
		}
		return b
	}
	for _, was := range saved.Batches {
		is := find(now.Batches, was.Addr)
		switch {
		case was.Forgets != is.Forgets:
			c.differ(was.Addr, "what would be forgotten of it is not what was planned")
		case was.MovedFrom != is.MovedFrom:
			c.differ(was.Addr, "it is moved from another address than before")
		}
	}
	for _, is := range now.Batches {
		was := find(saved.Batches, is.Addr)
		is.Starts = is.Starts && was.Starts
		if was.Forgets == is.Forgets {
			kept = append(kept, is)
		}
	}
	return kept
}

func compareFiles(saved, now []plan.FileChange) (kept, left []plan.FileChange) {
	type file struct{ addr, path string }
	approved := map[file]bool{}
	for _, f := range saved {
		approved[file{f.Addr.String(), f.Path}] = f.Acts()
	}
	for _, f := range now {
		if f.Acts() && !approved[file{f.Addr.String(), f.Path}] {
			left = append(left, f)
			continue
		}
		kept = append(kept, f)
	}
	return kept, left
}

func (c *Comparison) differ(a addr.Address, format string, args ...any) {
	c.Differences = append(c.Differences, Difference{a, fmt.Sprintf(format, args...)})
}

// compare names the first thing in which an action differs.
func (c *Comparison) compare(was, is *plan.Change) {
	a := was.Addr
	switch {
	case is == nil || !is.Acts():
		c.differ(a, "it would be changed (%s), and needs no change now", was.Action.Sign())
	case was.Action != is.Action:
		c.differ(a, "its action was %s and is %s", was.Action.Sign(), is.Action.Sign())
	case was.Kind != is.Kind || was.Gateway != is.Gateway:
		c.differ(a, "it was a %s of gateway %q and is a %s of gateway %q", was.Kind, was.Gateway, is.Kind, is.Gateway)
	case was.ID != is.ID && !safety.Off(safety.SavedID):
		c.differ(a, "its id was %s and is %s", orNone(was.ID), orNone(is.ID))
	case was.MovedFrom != is.MovedFrom:
		c.differ(a, "it is moved from another address than before")
	case was.TakenFrom != is.TakenFrom:
		c.differ(a, "whose it is changed")
	case was.Protected != is.Protected:
		c.differ(a, "whether it is protected changed")
	case !slices.Equal(was.Calls, is.Calls) && !safety.Off(safety.SavedCalls):
		c.differ(a, "it needed the calls %v and needs %v", was.Calls, is.Calls)
	default:
		found := len(c.Differences)
		c.compareDiffs(a, was.Diff, is.Diff)
		if len(c.Differences) == found && !samePreImage(was.PreImage, is.PreImage) && !safety.Off(safety.SavedPreImage) {
			c.differ(a, "the live object changed since it was planned")
		}
	}
}

func samePreImage(a, b *plan.PreImage) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func (c *Comparison) compareDiffs(a addr.Address, was, is []plan.AttrDiff) {
	byName := make(map[string]plan.AttrDiff, len(is))
	for _, d := range is {
		byName[d.Name] = d
	}
	for _, d := range was {
		got, ok := byName[d.Name]
		delete(byName, d.Name)
		switch {
		case !ok:
			c.differ(a, "%s needs no change now", d.Name)
		case got.WriteOnly != d.WriteOnly || !orNull(got.Before).RawEquals(orNull(d.Before)):
			c.differ(a, "%s is no longer what it was when it was planned", d.Name)
		case !orNull(got.After).RawEquals(orNull(d.After)):
			c.differ(a, "%s would become something else than was planned", d.Name)
		}
	}
	for _, d := range is {
		if _, more := byName[d.Name]; more {
			c.differ(a, "%s needs a change as well now", d.Name)
		}
	}
}
