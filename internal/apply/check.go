package apply

import (
	"context"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

// checks is what all conditions say when everything else is done. The lookups of checks are read now, also those that the
// plan has read; one that fails is a warning of its check. A run that is interrupted reads nothing more.
func (x *executor) checks(ctx context.Context, interrupted bool) []plan.Checked {
	type failure struct {
		block *hcl.Block
		body  hcl.Body
		of    addr.Address
		err   error
	}
	var failed []failure
	for _, b := range x.work.Config.Blocks {
		if b.Addr.Check == "" || interrupted {
			continue
		}
		for _, a := range b.Instances {
			if body, err := x.lookUpNow(ctx, a); err != nil {
				x.objects.Set(a, plan.Handed(b, a, plan.Unfound(b.Kind, body.Attrs), false))
				failed = append(failed, failure{b, body, a, err})
			}
		}
	}
	all := plan.CheckAll(x.work.Config, x.objects)
	for _, f := range failed {
		plan.LookupWarned(all, f.block, f.body, f.of, f.err)
	}
	return all
}
