package quota

import (
	"context"
	"time"
)

// The quota groups of an instance: each has its own quota.
const (
	Symmetric  = "symmetric"
	Asymmetric = "asymmetric"
)

// Slot is leave to begin N calls: the first after In from now (which may be past), the others Every after one another. What is not
// used by then lapses. Without calls it is no slot: enough are given already, and In from now one may be had.
type Slot struct {
	N     int
	In    time.Duration
	Every time.Duration
	// Epoch counts how often the rate was halved when the slot was given.
	Epoch int64
}

// Bucket gives slots of one gateway's quota group. It is safe for concurrent use.
type Bucket interface {
	// Lease gives a slot of at most n calls, or none: N is 0 where slots are given far enough ahead.
	Lease(ctx context.Context, n int) (Slot, error)
	// Throttled tells that the service refused a call of a slot as over the quota: the rate is halved, once for each epoch,
	// and grows again by and by.
	Throttled(ctx context.Context, epoch int64) error
	// Set is the rate from now on, calls per second.
	Set(ctx context.Context, perSecond float64) error
	// Rate is the rate now and its ceiling, calls per second.
	Rate(ctx context.Context) (now, ceiling float64, err error)
}
