package apply

import (
	"fmt"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Stray is an object that carries this stack's tags and that its state does not know: a creation that was
// delivered twice, whose answer was lost, or that was forgotten. It is never touched unasked.
type Stray struct {
	plan.Claim
	Gateway string
	Twin    string // the id of the object that the same request created, and that state knows
}

// Strays finds them in a snapshot. Those that wait for their deletion already are none.
func Strays(live plan.Live, st state.State) []Stray {
	known := map[objectID]bool{}
	twins := map[string]string{}
	for i := range st.Resources {
		r := &st.Resources[i]
		known[objectID{r.Gateway, r.Kind, r.ID}] = true
		for _, was := range r.Predecessors {
			known[objectID{r.Gateway, r.Kind, was.ID}] = true
		}
		if r.Intent != "" {
			twins[r.Intent] = r.ID
		}
	}
	var out []Stray
	for _, name := range slices.Sorted(maps.Keys(live.Gateways)) {
		g := live.Gateways[name]
		for _, c := range g.Claims {
			dying := g.Objects[c.Kind][c.ID].Dying() || !g.Secrets[c.ID].IsZero() ||
				slices.ContainsFunc(g.Dying, func(d plan.DyingKey) bool { return d.ID == c.ID })
			if c.Owner == st.Lineage && !known[objectID{name, c.Kind, c.ID}] && !dying {
				out = append(out, Stray{Claim: c, Gateway: name, Twin: twins[c.Intent]})
			}
		}
	}
	return out
}

// String says what it is, and the ways on.
func (s Stray) String() string {
	text := fmt.Sprintf("%s on gateway %q carries this stack's tags, for %s, and the state does not know it.", s.ID, s.Gateway, plan.TaggedAddress(s.Address))
	if s.Twin != "" {
		text = fmt.Sprintf("%s on gateway %q was created by the same request as %s, and the state does not know it: the request was delivered twice.", s.ID, s.Gateway, s.Twin)
	}
	return text + plan.WaysOfStray(s.Gateway, s.Claim)
}
