package planfile

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
)

// whole is plan.Whole as JSON. What nothing is done with is after as it was before, and saved once.
type whole struct {
	Before    *value   `json:"whole_before,omitempty"`
	After     *value   `json:"whole_after,omitempty"`
	WriteOnly []string `json:"write_only,omitempty"`
}

func (w *writer) whole(c *plan.Change) whole {
	out := whole{WriteOnly: c.WriteOnly}
	of := "an attribute of " + c.Addr.String()
	if c.Before != nil {
		v := w.value(of, cty.ObjectVal(c.Before))
		out.Before = &v
	}
	if c.After != cty.NilVal && (c.Action != plan.NoOp || c.Before == nil) {
		v := w.value(of, c.After)
		out.After = &v
	}
	return out
}

func (x whole) plan() plan.Whole {
	out := plan.Whole{WriteOnly: x.WriteOnly}
	if x.Before != nil && x.Before.Value != cty.NilVal && x.Before.Type().IsObjectType() && x.Before.IsKnown() && !x.Before.IsNull() {
		out.Before = x.Before.AsValueMap()
		out.After = x.Before.Value
	}
	if x.After != nil && x.After.Value != cty.NilVal && x.After.Type().IsObjectType() {
		out.After = x.After.Value
	}
	return out
}
