package quota

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// A slot lasts about a twentieth of a second, so that a bucket is asked twenty times a second however fast it is, and a
// worker that dies takes a twentieth of a second's calls with it.
const (
	slotLasts = time.Second / 20
	mostCalls = 200
)

// Permits are one worker's calls under a bucket: each begins in its turn. They are safe for concurrent use.
type Permits struct {
	bucket Bucket
	turn   chan struct{} // held by who waits for the next call's turn

	waiting, taken atomic.Int64

	// Of whoever holds the turn.
	slot  Slot
	left  int       // of the slot
	size  int       // of the next one
	next  time.Time // when the next call may begin
	end   time.Time // of the slot
	every time.Duration
}

// NewPermits are the calls of one worker.
func NewPermits(b Bucket) *Permits { return &Permits{bucket: b, turn: make(chan struct{}, 1)} }

// Take waits until a call may begin, and tells the epoch it begins in.
func (p *Permits) Take(ctx context.Context) (epoch int64, err error) {
	if safety.Off(safety.QuotaSlots) {
		return 0, ctx.Err()
	}
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-p.turn }()
	for {
		if err := p.lease(ctx); err != nil {
			return 0, err
		}
		if err := sleep(ctx, time.Until(p.next)); err != nil {
			return 0, err
		}
		// Who wakes late catches up, at twice the pace and within the slot; what no longer fits into it lapses.
		now := time.Now()
		if !now.Before(p.end) {
			continue
		}
		p.left--
		if p.next = p.next.Add(p.every); p.next.Before(now.Add(p.every / 2)) {
			p.next = now.Add(p.every / 2)
		}
		p.taken.Add(1)
		return p.slot.Epoch, nil
	}
}

// lease gets a slot where none is left.
func (p *Permits) lease(ctx context.Context) error {
	if p.left > 0 && p.next.Before(p.end) && time.Now().Before(p.end) {
		return nil
	}
	p.size = p.sized()
	s, err := p.bucket.Lease(ctx, p.size)
	if err != nil {
		return fmt.Errorf("lease calls of the shared quota: %w", err)
	}
	p.slot, p.left, p.every = s, s.N, s.Every
	p.next = time.Now().Add(s.In)
	p.end = p.next.Add(time.Duration(s.N) * s.Every)
	return nil
}

// sized is how many calls the next slot is to have: as many as wait now, because what a slot has and nobody uses is lost to all
// workers. Where the last slot began at once nobody else waits, and it may be twice as many as were used.
func (p *Permits) sized() int {
	wanted := max(int(p.waiting.Load()), 1)
	if p.slot.In == 0 {
		wanted = max(wanted, 2*(p.size-p.left))
	}
	if p.every > 0 {
		wanted = min(wanted, max(int(slotLasts/p.every), 1))
	}
	return min(wanted, mostCalls)
}

// Throttled tells the bucket of a refusal.
func (p *Permits) Throttled(ctx context.Context, epoch int64) error {
	return p.bucket.Throttled(ctx, epoch)
}

// Taken is how many calls began.
func (p *Permits) Taken() int64 { return p.taken.Load() }

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
