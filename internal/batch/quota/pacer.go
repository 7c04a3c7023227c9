package quota

import (
	"context"
	"sync/atomic"

	"kmsplan.dev/kmsplan/internal/kms"
)

// Pacer gives the calls of a gateway's client their turns under a bucket (transport.Pace): an attempt is a call, and takes
// one permit.
type Pacer struct {
	permits *Permits
	refused atomic.Int64
}

// NewPacer paces calls by a bucket.
func NewPacer(b Bucket) *Pacer { return &Pacer{permits: NewPermits(b)} }

// Begin implements transport.Pace.
func (p *Pacer) Begin(ctx context.Context, _ *kms.Operation) (turn int64, err error) {
	return p.permits.Take(ctx)
}

// Refused implements transport.Pace. A bucket that does not hear of it halves with the next refusal.
func (p *Pacer) Refused(ctx context.Context, _ *kms.Operation, turn int64) {
	p.refused.Add(1)
	_ = p.permits.Throttled(ctx, turn)
}

// Calls is how many attempts began, and how many of them the service refused as over the quota.
func (p *Pacer) Calls() (made, refused int64) { return p.permits.Taken(), p.refused.Load() }
