package stack

import (
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// Traffic is what a run made of the quotas of one gateway's account.
type Traffic struct {
	Gateway string
	Uses    []transport.QuotaUse
}

// Traffic is what this run made of the quotas, by gateway.
func (s *Stack) Traffic() []Traffic { return s.gateways.traffic() }

func (g *Gateways) traffic() []Traffic {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Traffic
	for _, name := range slices.Sorted(maps.Keys(g.open)) {
		if p := g.open[name].public; p != nil {
			out = append(out, Traffic{name, p.Uses()})
		}
	}
	return out
}
