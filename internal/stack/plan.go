package stack

import (
	"context"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/version"
)

// Plan makes a plan of what was surveyed, narrowed to a scope, and returns the warnings of
// making it. Errors: InvalidError.
func (s *Stack) Plan(ctx context.Context, scope plan.Scope) (*plan.Plan, hclv2.Diagnostics, error) {
	now := s.gateways.now(ctx)
	return s.planAt(ctx, scope, now, now)
}

// planAt plans with a time that decides what has soaked long enough, and one that decides what is frozen.
func (s *Stack) planAt(ctx context.Context, scope plan.Scope, now, today time.Time) (*plan.Plan, hclv2.Diagnostics, error) {
	compare := s.compare()
	counted, absent := s.counted(ctx)
	err := s.answerLookups(ctx, plan.Input{
		Config: s.Config, State: s.State, Now: now, Today: today, Writer: version.Number, Scope: scope, Compare: compare, Astray: s.astray,
	})
	if err != nil {
		return nil, nil, err
	}
	blocks, files, err := s.fileStatus(ctx, anyBlock)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := s.sealed(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, diags := plan.Calculate(plan.Input{
		Config: s.Config, State: counted, Live: s.live, Files: files, Now: now, Today: today, Writer: version.Number, Scope: scope, Reading: s.reading,
		FileKeys: s.fileKeys(ctx, blocks, files), Compare: compare, Sealed: sealed,
		Materials: s.materials(), ClientKeys: s.clientKeyFiles(), MovedGateways: s.moved, Astray: s.astray, Absent: absent,
	})
	if err := s.fingerprints().Failure(); err != nil {
		s.options.Note(err.Error())
	}
	if diags.HasErrors() {
		return nil, nil, s.invalid(diags)
	}
	another, err := s.underAnother(ctx)
	if err != nil {
		return nil, nil, err
	}
	if another != "" {
		p.Warnings = append(p.Warnings, plan.Warning{
			Summary: "The state is sealed under another key",
			Detail:  upperFirst(another) + ". `kmsplan init -migrate-state` seals it under the new one; until then nothing is applied.",
		})
	}
	return p, diags, nil
}
