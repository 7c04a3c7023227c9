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

// Turns is the transport.Pace of a client that works for several batches: each call takes its turn among those of the batch
// that its context is of, and one of none begins at once.
type Turns struct{}

// Begin implements transport.Pace.
func (Turns) Begin(ctx context.Context, o *kms.Operation) (turn int64, err error) {
	if p, ok := ctx.Value(pacerKey{}).(*Pacer); ok {
		return p.Begin(ctx, o)
	}
	return 0, ctx.Err()
}

// Refused implements transport.Pace.
func (Turns) Refused(ctx context.Context, o *kms.Operation, turn int64) {
	if p, ok := ctx.Value(pacerKey{}).(*Pacer); ok {
		p.Refused(ctx, o, turn)
	}
}
