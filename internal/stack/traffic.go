package stack

import (
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// Traffic is what a run made of one quota of a gateway's account.
type Traffic struct {
	Gateway string
	transport.QuotaUse
}

// Traffic is what this run made of the quotas, by gateway and group.
func (s *Stack) Traffic() []Traffic { return s.gateways.traffic() }

func (g *Gateways) traffic() []Traffic {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Traffic
	for _, name := range slices.Sorted(maps.Keys(g.open)) {
		if p := g.open[name].public; p != nil {
			for _, u := range p.Uses() {
				out = append(out, Traffic{name, u})
			}
		}
	}
	return out
}
