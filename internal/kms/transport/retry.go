package transport

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Retrier repeats calls of one client as policy.go allows.
type Retrier struct {
	config RetryConfig
	budget budget
}

func NewRetrier(c RetryConfig) *Retrier {
	c = c.withDefaults()
	return &Retrier{config: c, budget: budget{share: c.Budget, tokens: retryReserve}}
}

// Do calls once until it succeeds or may not be repeated. An earlier attempt
// whose answer was lost makes the whole call ambiguous, whatever the last one
// was told.
func (r *Retrier) Do(ctx context.Context, o *kms.Operation, once func(context.Context, int) *kms.Error) *kms.Error {
	r.budget.earn()
	start := r.config.Clock.Now()
	ambiguous := false
	for attempt := 1; ; attempt++ {
		e := r.inTurn(ctx, o, attempt, once)
		if e == nil {
			return nil
		}
		ambiguous = ambiguous || e.Outcome == kms.Ambiguous
		e.Attempts = attempt
		if ambiguous && o.Mutating && !safety.Off(safety.StaysAmbiguous) {
			e.Outcome = kms.Ambiguous
		}
		wait, again := r.next(ctx, o, e, attempt, r.config.Clock.Now().Sub(start))
		if !again || r.config.Clock.Sleep(ctx, wait) != nil {
			return e
		}
	}
}

// inTurn makes one attempt when its turn comes.
func (r *Retrier) inTurn(ctx context.Context, o *kms.Operation, attempt int, once func(context.Context, int) *kms.Error) *kms.Error {
	if r.config.Pace == nil {
		return once(ctx, attempt)
	}
	turn, err := r.config.Pace.Begin(ctx, o)
	if err != nil {
		return noTurn(ctx, o, err)
	}
	e := once(ctx, attempt)
	if e != nil && kms.IsThrottled(e) {
		r.config.Pace.Refused(ctx, o, turn)
	}
	return e
}

// noTurn is a call that was not sent: who gives turns is somebody else than the gateway, and says what is wrong.
func noTurn(ctx context.Context, o *kms.Operation, err error) *kms.Error {
	e := &kms.Error{Operation: o.Name, Code: kms.CodeNoTurn, Message: "no turn in the shared quota: " + err.Error(), Cause: err, Mutating: o.Mutating}
	if ctx.Err() != nil {
		e.Code, e.Message = FailureCode(ctx, false, ctx.Err()), "waiting for a turn in the shared quota"
	}
	return e
}

// next decides whether there is another attempt, and after what wait.
func (r *Retrier) next(ctx context.Context, o *kms.Operation, e *kms.Error, attempt int, elapsed time.Duration) (time.Duration, bool) {
	if ctx.Err() != nil || attempt >= r.attempts(e) || !mayRetry(o, e) {
		return 0, false
	}
	wait := max(r.backoff(attempt), e.RetryAfter)
	if elapsed+wait > r.config.MaxElapsed || pastDeadline(ctx, wait) {
		return 0, false
	}
	return wait, kms.IsThrottled(e) || r.budget.spend()
}

// attempts allows more where the service merely asks to wait: the quota's
// limiter slows down too, so that these retries cost little.
func (r *Retrier) attempts(e *kms.Error) int {
	if kms.IsThrottled(e) && r.config.MaxAttempts > 1 {
		return 2 * r.config.MaxAttempts
	}
	return r.config.MaxAttempts
}

// backoff is random in [0, BaseDelay·2ⁿ⁻¹], at most MaxDelay ("full jitter").
func (r *Retrier) backoff(attempt int) time.Duration {
	const maxShift = 20
	ceiling := min(r.config.BaseDelay<<min(attempt-1, maxShift), r.config.MaxDelay)
	return time.Duration(rand.Int64N(int64(ceiling) + 1))
}

func pastDeadline(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < wait
}

// retryReserve is how many retries a client may make before it has earned any.
const retryReserve = 20

// budget keeps retries a bounded share of calls, so that a failing service is
// not buried under them.
type budget struct {
	mu     sync.Mutex
	share  float64
	tokens float64
}

func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+b.share, retryReserve)
}

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
