package quota

import (
	"context"
	"fmt"
	"time"
)

const (
	// aheadBy is how long before the end of a slot the next one is asked for: a bucket may take as long to answer, and none of the
	// worker's calls would begin meanwhile.
	aheadBy = time.Second / 10
	// askAgain keeps workers that were given none from asking together, and leaseLimit those from waiting who ask ahead.
	askAgain   = time.Second / 10
	leaseLimit = 30 * time.Second
	// hearsWithin is how soon who was given none asks again, however far off its slot is: the rate may be a higher one by then.
	hearsWithin = 2 * time.Second
)

// leased is what a bucket answered.
type leased struct {
	slot held
	err  error
}

// ask asks the bucket for a slot.
func (p *Permits) ask(ctx context.Context, n int) leased {
	s, err := p.bucket.Lease(ctx, n)
	if err != nil {
		return leased{err: fmt.Errorf("lease calls of the shared quota: %w", err)}
	}
	begin := time.Now().Add(s.In)
	return leased{slot: held{Slot: s, left: s.N, begin: begin, end: begin.Add(time.Duration(s.N) * s.Every)}}
}

// lease is the slot that was asked for ahead, where there is one, or another.
func (p *Permits) lease(ctx context.Context) (leased, error) {
	if asked := p.ahead; asked != nil {
		select {
		case l := <-asked:
			p.ahead = nil
			if l.err == nil {
				return l, nil
			}
		case <-ctx.Done():
			return leased{}, ctx.Err()
		}
	}
	l := p.ask(ctx, p.need.calls(p.others()+1))
	return l, l.err
}

// askAhead asks for the slot after this one, where somebody will want it.
func (p *Permits) askAhead(ctx context.Context, now time.Time) {
	beyond := p.others() - p.slot.left
	if p.ahead != nil || p.slot.end.Sub(now) > aheadBy || !p.need.more && beyond <= 0 {
		return
	}
	n, asked := p.need.calls(beyond), make(chan leased, 1)
	p.ahead = asked
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseLimit)
		defer cancel()
		asked <- p.ask(ctx, n)
	}()
}

// need is how many calls a worker makes of a slot: what a slot has and nobody uses is lost to all workers.
type need struct {
	size int  // of the next slot
	more bool // the last one was used up, and somebody waited
}

// learn looks at a slot that is over, or used up.
func (n *need) learn(s held, now time.Time, others int) {
	used := s.N - s.left
	switch n.more = s.missed || used > 0 && s.left == 0 && (others > 0 || now.Before(s.end.Add(s.Every))); {
	case s.missed && used == 0: // one that is as short as the lateness of this machine, or of the bucket's answer
		n.size = 2 * s.N
	case n.more:
		n.size = used + (used+1)/2
	default:
		n.size = used
	}
}

// calls is the size of a slot that so many wait for.
func (n *need) calls(waiting int) int { return max(n.size, waiting, 1) }
