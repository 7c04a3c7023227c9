package plan

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
)

// Scope is what a plan is about: everything, or what Targets name and need, or all but what Excludes name and what needs
// that. One of both is empty.
type Scope struct {
	Targets, Excludes []addr.Address
}

// Whole reports whether a plan is about everything.
func (s Scope) Whole() bool { return len(s.Targets)+len(s.Excludes) == 0 }

// Addresses are those that the scope names.
func (s Scope) Addresses() []addr.Address { return slices.Concat(s.Targets, s.Excludes) }

// Holds reports whether the plan is about an address, by its own name: an instance, its block or a module around it.
func (s Scope) Holds(a addr.Address) bool {
	covers := func(named addr.Address) bool { return named.Covers(a) }
	if len(s.Targets) > 0 {
		return slices.ContainsFunc(s.Targets, covers)
	}
	return !slices.ContainsFunc(s.Excludes, covers)
}
