package stack

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Evaluator evaluates expressions of the module among the objects that a state remembers. Nothing is called.
func (s *Stored) Evaluator(st state.State) func(expression string) (cty.Value, hclv2.Diagnostics) {
	objects := plan.Remember(s.config, st, plan.Live{})
	return func(expression string) (cty.Value, hclv2.Diagnostics) { return s.config.Evaluate(expression, objects) }
}
