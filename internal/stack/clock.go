package stack

import (
	"context"
	"time"
)

// now is the time the planner reckons with: the service's. An emulator lives by a clock of its own, and what
// soaks or is due there is so by that clock; everywhere else it is this machine's.
func (g *Gateways) now(ctx context.Context) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, opened := range g.open {
		if opened.control == nil {
			continue
		}
		if c, err := opened.control.Clock(ctx); err == nil {
			return c.Now
		}
	}
	return g.options.Now()
}
