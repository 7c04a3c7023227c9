package stack

import (
	"context"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/version"
)

// ScopeOf is what has to be surveyed for what is asked.
func ScopeOf(asks []plan.Request) plan.Scope {
	var s plan.Scope
	for _, a := range asks {
		s.Targets = append(s.Targets, a.Addr)
	}
	return s
}

// PlanAsked makes a plan of what a person asks of single objects, of what was surveyed. Errors: InvalidError.
func (s *Stack) PlanAsked(ctx context.Context, asks []plan.Request) (*plan.Plan, hclv2.Diagnostics, error) {
	now := s.gateways.now(ctx)
	p, diags := plan.Calculate(plan.Input{
		Config: s.Config, State: s.State, Live: s.live, Now: now, Writer: version.Number, Compare: s.compare(), Requests: asks, Astray: s.astray,
	})
	if diags.HasErrors() {
		return nil, nil, s.invalid(diags)
	}
	return p, diags, nil
}

// Object says of an address what the state has under it; ok is false for nothing.
func (s *Stack) Object(a addr.Address) (id, kind string, ok bool) {
	r := plan.MovedAddresses(s.Config, s.State)[a]
	if r == nil {
		return "", "", false
	}
	return r.ID, r.Kind, true
}
