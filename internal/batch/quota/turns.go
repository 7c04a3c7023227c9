package quota

import (
	"context"

	"kmsplan.dev/kmsplan/internal/kms"
)

type pacerKey struct{}

// With has the calls that are made under the context it gives take turns by a pacer.
func With(ctx context.Context, p *Pacer) context.Context {
	return context.WithValue(ctx, pacerKey{}, p)
}

// Turns is the transport.Pace of a client that works for several batches: each call of the symmetric group takes its turn among those of
// the batch that its context is of. One of none begins at once, as do calls of other groups, which a client of the shared gateway makes as well.
type Turns struct{}

// pacer is what paces a call; nil = nothing.
func pacer(ctx context.Context, o *kms.Operation) *Pacer {
	p, _ := ctx.Value(pacerKey{}).(*Pacer)
	if o.Quota != kms.QuotaSymmetric && o.Quota != "" { // "" is of an instance's gateway
		return nil
	}
	return p
}

// Begin implements transport.Pace.
func (Turns) Begin(ctx context.Context, o *kms.Operation) (turn int64, err error) {
	if p := pacer(ctx, o); p != nil {
		return p.Begin(ctx, o)
	}
	return 0, ctx.Err()
}

// Refused implements transport.Pace.
func (Turns) Refused(ctx context.Context, o *kms.Operation, turn int64) {
	if p := pacer(ctx, o); p != nil {
		p.Refused(ctx, o, turn)
	}
}
