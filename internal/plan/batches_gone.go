package plan

import (
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// forgotten reports whether a removed block has the state forget what a batch left.
func (p *planner) forgotten(a addr.Address) bool {
	r := p.in.Config.RemovedFor(a)
	return r != nil && r.Action == "forget" && !p.in.Config.Declares(a) && p.in.Scope.Holds(a)
}

// keptBatches is what batches left, with moved blocks applied, and without what removed blocks have the state forget: whoever
// declares that keys are not kept for those objects any more may take the key out of use in the same plan.
func (p *planner) keptBatches() []state.Evidence {
	return slices.DeleteFunc(slices.Clone(MovedBatches(p.in.Config, p.in.State.Batches)), func(e state.Evidence) bool {
		a, err := addr.Parse(e.Address)
		return err == nil && p.forgotten(a)
	})
}

// forgetBatches notes what the state forgets, a batch once however many sources it had.
func (p *planner) forgetBatches(left []state.Evidence) {
	for i := range left {
		a, err := addr.Parse(left[i].Address)
		if err != nil || !p.forgotten(a) {
			continue
		}
		if n := len(p.plan.Batches); n > 0 && p.plan.Batches[n-1].Addr == a { // evidence is in the order of addresses
			p.plan.Batches[n-1].Forgets += "; " + forgetWords(left[i])
			continue
		}
		p.plan.Batches = append(p.plan.Batches, Batch{Addr: a, Action: left[i].Action, Source: left[i].Source, Forgets: forgetWords(left[i])})
	}
}

// forgetWords say which objects keys are no longer kept for.
func forgetWords(e state.Evidence) string {
	text := fmt.Sprintf("%d %s of %s", e.Objects, plural(int(e.Objects), "object", "objects"), e.Source)
	var keys []string
	for _, u := range e.Under {
		keys = append(keys, u.KeyID)
	}
	if !e.Whole {
		for _, u := range e.Before {
			keys = append(keys, u.KeyID)
		}
	}
	if keys = sortedOnce(keys); len(keys) > 0 {
		text += ", for which " + strings.Join(keys, " and ") + plural(len(keys), " was", " were") + " kept"
	}
	return text
}

// checkBatches refuses to move or forget what an unfinished batch is about: its queue has it under the address that it was
// created with, and what its workers record would be of nobody's.
func (p *planner) checkBatches() {
	moves := movesOf(p.in.Config)
	for i := range p.in.State.Batches {
		e := &p.in.State.Batches[i]
		a, err := addr.Parse(e.Address)
		if err != nil || e.Status != state.EvidenceCreated || safety.Off(safety.BatchUnfinished) {
			continue
		}
		to, moved := moves.target(a)
		what := "forget"
		switch {
		case moved:
			what = "move to " + to.String()
		case !p.forgotten(a):
			continue
		}
		p.refuse(GuardBatchUnfinished, a, fmt.Sprintf("The batch %s has not ended, and the plan would %s what the state knows of its %d objects. Its queue has it under this address.", a, what, e.Objects),
			fmt.Sprintf("Put its block back under %s, and let it end (`kmsplan batch start %s` goes on with it) or end it: `kmsplan batch cancel %s`.", a, shellWord(e.Address), shellWord(e.Address)),
			fmt.Sprintf("If its queue is gone, have the state forget it: `kmsplan state rm %s`.", shellWord(e.Address)))
	}
}
