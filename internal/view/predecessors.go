package view

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// predecessors lists the keys that an object succeeded, each with what still needs it as far as the state knows.
func (t *Terminal) predecessors(r state.Resource, st state.State) {
	for _, p := range r.Predecessors {
		if r.Kind == plan.KindClientKey {
			t.tell("    # %s, %s\n", neutral(p.ID), earlierClientKey(p))
			continue
		}
		since := ""
		if !p.Since.IsZero() {
			since = ", succeeded on " + p.Since.UTC().Format(time.DateOnly)
		}
		if p.Retire != "" {
			since += fmt.Sprintf(", retirement: %s since %s", p.Retire, p.RetiredAt.UTC().Format(time.RFC3339))
		}
		by := neededBy(r, st)[p.ID]
		what := "nothing recorded needs it"
		if len(by) > 0 {
			what = "needed by:"
		}
		t.tell("    # %s%s; %s\n", neutral(predecessorName(r, p)), since, what)
		for _, user := range by {
			t.tell("    #   %s\n", neutral(user))
		}
	}
}

// earlierClientKey says why a client key is still remembered.
func earlierClientKey(p state.Predecessor) string {
	if p.Retire == plan.RetireLost {
		return "whose private half was lost; the next apply deletes it"
	}
	return "whose place this one took on " + p.Since.UTC().Format(time.DateOnly)
}

func predecessorName(r state.Resource, p state.Predecessor) string {
	a, err := addr.Parse(r.Address)
	if err != nil {
		return "predecessor " + p.ID
	}
	return addr.Predecessor(a, p.ID).String()
}

// neededBy lists, by the ids of an object's predecessors, what the state knows to need them.
func neededBy(r state.Resource, st state.State) map[string][]string {
	out := make(map[string][]string, len(r.Predecessors))
	for _, p := range r.Predecessors {
		needs := state.NeedsOf(st, r.Gateway, p.ID)
		out[p.ID] = append(append([]string{}, needs.Secrets...), needs.Aliases...)
		for _, f := range needs.Files {
			out[p.ID] = append(out[p.ID], fmt.Sprintf("file %s (%s)", quotePath(f.Path), f.Address))
		}
	}
	return out
}

// resourceDocument is an object of the state with what needs its predecessors.
type resourceDocument struct {
	state.Resource
	NeededBy map[string][]string `json:"predecessors_needed_by,omitempty"`
}
