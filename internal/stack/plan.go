package stack

import (
	"context"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/version"
)

// Plan makes a plan of what was surveyed, narrowed to targets if there are any, and returns the warnings of
// making it. Errors: InvalidError.
func (s *Stack) Plan(ctx context.Context, targets []addr.Address) (*plan.Plan, hclv2.Diagnostics, error) {
	files, err := s.fileStatus(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, diags := plan.Calculate(plan.Input{
		Config: s.Config, State: s.State, Live: s.live, Files: files, Now: s.gateways.now(ctx), Writer: version.Number, Targets: targets,
	})
	if diags.HasErrors() {
		return nil, nil, s.invalid(diags)
	}
	p.Bind(s.Config)
	return p, diags, nil
}
