package kms

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// quotaGroup names a set of operations that share one rate limit of the public
// gateway per account and region.
type quotaGroup string

const (
	quotaNone          quotaGroup = ""
	quotaService       quotaGroup = "service"
	quotaKeyRead       quotaGroup = "key read"
	quotaTagRead       quotaGroup = "tag read"
	quotaCreateKey     quotaGroup = "key create"
	quotaKeyWrite      quotaGroup = "key write"
	quotaSymmetric     quotaGroup = "symmetric"
	quotaAsymmetric    quotaGroup = "asymmetric"
	quotaSecretWrite   quotaGroup = "secret write"
	quotaSecretUpdate  quotaGroup = "secret update"
	quotaSecretRead    quotaGroup = "secret read"
	quotaInstanceRead  quotaGroup = "instance read"
	quotaInstanceWrite quotaGroup = "instance write"
)

// quotaLimits are calls per second (KMS: performance data, 2026-03-31). The
// figures of secret update and secret write beyond create and delete are not
// published; they follow their nearest group.
var quotaLimits = map[quotaGroup]float64{
	quotaService:       1,
	quotaKeyRead:       50,
	quotaTagRead:       300,
	quotaCreateKey:     10,
	quotaKeyWrite:      30,
	quotaSymmetric:     1000,
	quotaAsymmetric:    200,
	quotaSecretWrite:   10,
	quotaSecretUpdate:  30,
	quotaSecretRead:    450,
	quotaInstanceRead:  50,
	quotaInstanceWrite: 10,
}

const defaultFraction = 0.6 // leaves room for the account's applications

// quotas holds one limiter per group, shared by all goroutines of a client.
// nil means no limits.
type quotas struct {
	groups map[quotaGroup]*group
	clock  Clock
}

func newQuotas(c QuotaConfig, loopback bool, clock Clock) *quotas {
	if c.Off || loopback {
		return nil
	}
	fraction := c.Fraction
	if fraction <= 0 || fraction > 1 {
		fraction = defaultFraction
	}
	q := &quotas{groups: map[quotaGroup]*group{}, clock: clock}
	for name, limit := range quotaLimits {
		q.groups[name] = newGroup(limit, fraction)
	}
	return q
}

// wait takes a turn in the operation's group. It fails when ctx ends first or
// would end before the turn.
func (q *quotas) wait(ctx context.Context, o *Operation) error {
	if q == nil || q.groups[o.quota] == nil {
		return ctx.Err()
	}
	now := q.clock.Now()
	turn := q.groups[o.quota].limiter.ReserveN(now, 1)
	delay := turn.DelayFrom(now)
	if pastDeadline(ctx, delay) {
		turn.CancelAt(now)
		return context.DeadlineExceeded
	}
	if err := q.clock.Sleep(ctx, delay); err != nil {
		turn.CancelAt(q.clock.Now())
		return err
	}
	return nil
}

// report adapts a group's rate to an answer.
func (q *quotas) report(o *Operation, refused bool) {
	if q == nil || q.groups[o.quota] == nil {
		return
	}
	g := q.groups[o.quota]
	if refused {
		g.slowDown(q.clock.Now())
	} else {
		g.speedUp(q.clock.Now())
	}
}

// group is a token bucket whose rate adapts: halved on a refusal, at most once
// a second, and raised by a tenth of the base for each second without one.
type group struct {
	limiter *rate.Limiter
	base    rate.Limit

	mu      sync.Mutex
	changed time.Time
}

// newGroup leaves burst and rate together inside limit in any one second.
func newGroup(limit, fraction float64) *group {
	base := limit * fraction
	burst := max(1, int(limit-base))
	return &group{limiter: rate.NewLimiter(rate.Limit(base), burst), base: rate.Limit(base)}
}

func (g *group) slowDown(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.changed) < time.Second {
		return
	}
	g.changed = now
	g.limiter.SetLimitAt(now, max(g.limiter.Limit()/2, g.base/20))
}

func (g *group) speedUp(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limiter.Limit() >= g.base || now.Sub(g.changed) < time.Second {
		return
	}
	g.changed = now
	g.limiter.SetLimitAt(now, min(g.limiter.Limit()+g.base/10, g.base))
}
