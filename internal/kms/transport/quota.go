package transport

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"kmsplan.dev/kmsplan/internal/kms"
)

// quotaLimits are calls per second (KMS: performance data, 2026-03-31). The
// figures of secret update and secret write beyond create and delete are not
// published; they follow their nearest group.
var quotaLimits = map[kms.QuotaGroup]float64{
	kms.QuotaService:       1,
	kms.QuotaKeyRead:       50,
	kms.QuotaTagRead:       300,
	kms.QuotaCreateKey:     10,
	kms.QuotaKeyWrite:      30,
	kms.QuotaSymmetric:     1000,
	kms.QuotaAsymmetric:    200,
	kms.QuotaSecretWrite:   10,
	kms.QuotaSecretUpdate:  30,
	kms.QuotaSecretRead:    450,
	kms.QuotaInstanceRead:  50,
	kms.QuotaInstanceWrite: 10,
}

const defaultFraction = 0.6 // leaves room for the account's applications

// QuotaPace is how many calls per second of a group are made where nobody says otherwise.
func QuotaPace(g kms.QuotaGroup) float64 { return quotaLimits[g] * defaultFraction }

// QuotaLimit is how many calls per second of a group the service allows where nobody says otherwise.
func QuotaLimit(g kms.QuotaGroup) float64 { return quotaLimits[g] }

// Quotas holds one limiter per group, shared by all goroutines of a client, and counts what went through. nil neither
// limits nor counts.
type Quotas struct {
	groups map[kms.QuotaGroup]*group // with limits
	clock  Clock
	turns  Turns // nil = nobody else's

	mu   sync.Mutex
	uses map[kms.QuotaGroup]*QuotaUse
}

// QuotaUse is what a client made of one group's quota.
type QuotaUse struct {
	Group   kms.QuotaGroup
	Limit   float64        // calls a second that the service allows the account
	Allowed float64        // calls a second that this client allows itself; 0 = as many as it can
	Calls   map[string]int // by operation; an attempt is a call
	Waited  time.Duration  // for turns, all goroutines together
	Refused int            // Rejected.Throttling and its like
}

func NewQuotas(c QuotaConfig, loopback bool, clock Clock) *Quotas {
	if clock == nil {
		clock = realClock{}
	}
	if c.Off || loopback && !c.Loopback {
		return &Quotas{clock: clock, uses: map[kms.QuotaGroup]*QuotaUse{}}
	}
	fraction := c.Fraction
	if fraction <= 0 || fraction > 1 {
		fraction = defaultFraction
	}
	q := &Quotas{groups: map[kms.QuotaGroup]*group{}, clock: clock, turns: c.Turns, uses: map[kms.QuotaGroup]*QuotaUse{}}
	for name, limit := range quotaLimits {
		q.groups[name] = newGroup(limit, fraction)
	}
	return q
}

// Wait takes a turn in the operation's group. It fails when ctx ends first or
// would end before the turn.
func (q *Quotas) Wait(ctx context.Context, o *kms.Operation) error {
	if q == nil {
		return ctx.Err()
	}
	if q.groups[o.Quota] == nil {
		q.used(o, 0)
		return ctx.Err()
	}
	now := q.clock.Now()
	turn := q.groups[o.Quota].limiter.ReserveN(now, 1)
	delay := max(turn.DelayFrom(now), q.together(o.Quota, now))
	if pastDeadline(ctx, delay) {
		turn.CancelAt(now)
		return context.DeadlineExceeded
	}
	if err := q.clock.Sleep(ctx, delay); err != nil {
		turn.CancelAt(q.clock.Now())
		return err
	}
	q.used(o, delay)
	return nil
}

// together is how long the runs that share the quota have to wait for one more turn.
func (q *Quotas) together(name kms.QuotaGroup, now time.Time) time.Duration {
	if q.turns == nil {
		return 0
	}
	g := q.groups[name]
	return q.turns.Take(string(name), time.Duration(float64(time.Second)/float64(g.base)), g.limiter.Burst(), now)
}

// Listed tells whose quotas they are, by the ARN of an object that the caller's account lists as its own; what is no ARN of
// an account tells nothing.
func (q *Quotas) Listed(arn string) {
	parts := strings.SplitN(arn, ":", 5)
	if q == nil || q.turns == nil || len(parts) < 5 || parts[0] != "acs" || parts[3] == "" {
		return
	}
	q.turns.Account(parts[3])
}

// used counts a call that waited for its turn.
func (q *Quotas) used(o *kms.Operation, waited time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.use(o)
	u.Calls[o.Name]++
	u.Waited += waited
}

func (q *Quotas) use(o *kms.Operation) *QuotaUse {
	u := q.uses[o.Quota]
	if u == nil {
		u = &QuotaUse{Group: o.Quota, Limit: quotaLimits[o.Quota], Calls: map[string]int{}}
		if g := q.groups[o.Quota]; g != nil {
			u.Allowed = float64(g.base)
		}
		q.uses[o.Quota] = u
	}
	return u
}

// Uses are the groups that were used, by name. They are copies.
func (q *Quotas) Uses() []QuotaUse {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]QuotaUse, 0, len(q.uses))
	for _, name := range slices.Sorted(maps.Keys(q.uses)) {
		u := *q.uses[name]
		u.Calls = maps.Clone(u.Calls)
		out = append(out, u)
	}
	return out
}

// Rate is how many calls of an operation a second this client allows itself now; 0 = as many as it can.
func (q *Quotas) Rate(o *kms.Operation) float64 {
	if q == nil || q.groups[o.Quota] == nil {
		return 0
	}
	return float64(q.groups[o.Quota].limiter.Limit())
}

// Report adapts a group's rate to an answer.
func (q *Quotas) Report(o *kms.Operation, refused bool) {
	if q == nil {
		return
	}
	if refused {
		q.mu.Lock()
		q.use(o).Refused++
		q.mu.Unlock()
	}
	g := q.groups[o.Quota]
	if g == nil {
		return
	}
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
