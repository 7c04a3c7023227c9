package quota

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Permits are one worker's calls under a bucket: each begins in its turn. They are safe for concurrent use.
type Permits struct {
	bucket Bucket
	turn   chan struct{} // held by who waits for the next call's turn

	waiting, taken atomic.Int64

	// Of whoever holds the turn.
	slot  held
	next  time.Time // when the next call may begin
	need  need
	ahead chan leased // gives the slot after this one, which was asked for; nil = none was
}

// held is a slot by this machine's clock.
type held struct {
	Slot
	left       int
	begin, end time.Time
	missed     bool // some of it, by somebody who waited for it
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
		if err := p.hold(ctx); err != nil {
			return 0, err
		}
		if err := sleep(ctx, time.Until(p.next)); err != nil {
			return 0, err
		}
		// Who wakes late catches up, at twice the pace and within the slot; what no longer fits into it lapses.
		now := time.Now()
		if !now.Before(p.slot.end) {
			p.slot.missed = true
			continue
		}
		p.slot.left--
		if p.next = p.next.Add(p.slot.Every); p.next.Before(now.Add(p.slot.Every / 2)) {
			p.next = now.Add(p.slot.Every / 2)
		}
		p.taken.Add(1)
		p.askAhead(ctx, now)
		return p.slot.Epoch, nil
	}
}

// hold gets a slot where none is left.
func (p *Permits) hold(ctx context.Context) error {
	if now := time.Now(); p.slot.left > 0 && p.next.Before(p.slot.end) && now.Before(p.slot.end) {
		return nil
	}
	p.need.learn(p.slot, time.Now(), p.others())
	for {
		l, err := p.lease(ctx)
		if err != nil {
			return err
		}
		if l.slot.N > 0 {
			p.slot, p.next = l.slot, l.slot.begin
			return nil
		}
		if err := sleep(ctx, min(time.Until(l.slot.begin), hearsWithin)+rand.N(askAgain)); err != nil {
			return err
		}
	}
}

// others is how many wait for a turn behind who holds it.
func (p *Permits) others() int { return max(int(p.waiting.Load())-1, 0) }

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
