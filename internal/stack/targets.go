package stack

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// checkTargets refuses an address that nothing has: neither the module nor the state. A plan that is narrowed to
// nothing would say that there are no changes.
func (s *Stack) checkTargets(targets []addr.Address) error {
	known := map[addr.Address]bool{}
	var names []string
	add := func(a addr.Address) {
		for _, a := range []addr.Address{a, a.Block()} {
			if !known[a] {
				known[a] = true
				names = append(names, a.String())
			}
		}
	}
	for _, b := range s.Config.Blocks {
		add(b.Addr)
		for _, a := range b.Instances {
			add(a)
		}
	}
	for _, r := range s.State.Resources {
		if a, err := addr.Parse(r.Address); err == nil {
			add(a)
		}
	}
	for _, t := range targets {
		if !known[t] {
			return fmt.Errorf("neither the module nor the state has an address %s%s", t, suggest.Clause(t.String(), names))
		}
	}
	return nil
}
