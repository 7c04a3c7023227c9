package cli

import (
	"context"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// startDue starts the batches that an apply starts, each as kmsplan batch start does it: whoever approved the plan approved them.
// One that fails or leaves objects over keeps no other from its turn.
func (a *app) startDue(ctx context.Context, o *applyOptions, due []plan.Batch) error {
	code := 0
	for _, b := range due {
		so := &batchStartOptions{batchFlags: batchFlags{vars: o.vars, lockTimeout: o.lockTimeout}, streamFlags: o.streamFlags, approve: true, parallel: 2, apart: true}
		if err := a.startWith(ctx, so, b.Addr.String()); err != nil {
			code = gravest(code, a.exitCode(err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	if code == 0 {
		return nil
	}
	return exit{code}
}

// left reports whether a batch is left to other processes.
func (g *starting) left() bool {
	return g.o.detach || g.o.apart && g.batch.Queue != kind.QueueLocal
}
