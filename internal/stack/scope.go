package stack

import (
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// checkScope refuses an address that nothing has: neither the module nor the state. A plan that is narrowed to
// nothing would say that there are no changes.
func (s *Stack) checkScope(scope plan.Scope) error {
	if len(scope.Addresses()) == 0 {
		return nil
	}
	var all []addr.Address
	for _, b := range s.Config.Blocks {
		all = append(append(all, b.Addr), b.Instances...)
	}
	for _, r := range s.State.Resources {
		if a, err := addr.Parse(r.Address); err == nil {
			all = append(all, a)
		}
	}
	for _, t := range scope.Addresses() {
		if !slices.ContainsFunc(all, t.Covers) {
			return fmt.Errorf("neither the module nor the state has an address %s%s", t, suggest.Clause(t.String(), addr.Names(all)))
		}
	}
	return nil
}
