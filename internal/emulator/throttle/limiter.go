package throttle

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// Limiter decides which calls are over the limit. Safe for concurrent use.
type Limiter struct {
	now     func() time.Time
	profile Profile
	mu      sync.Mutex
	buckets map[place]*rate.Limiter
	storm   storm
}

// storm is a time in which every call is refused.
type storm struct{ from, until time.Time }

// at reports whether it rages at an instant. A clock that was put back to before it began has left it.
func (s storm) at(t time.Time) bool { return !t.Before(s.from) && t.Before(s.until) }

type place struct {
	account, region string
	group           engine.Group
}

// New returns a limiter on a virtual clock.
func New(profile Profile, now func() time.Time) *Limiter {
	return &Limiter{now: now, profile: profile, buckets: map[place]*rate.Limiter{}}
}

// Allow takes one token of the group, or reports that there is none. A bucket
// holds one second's worth of calls.
func (l *Limiter) Allow(account, region string, group engine.Group) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.storm.at(now) {
		return false
	}
	perSecond, limited := l.profile[group]
	if !limited || group == engine.GroupNone {
		return true
	}
	p := place{account, region, group}
	bucket := l.buckets[p]
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(perSecond), int(math.Max(1, math.Ceil(perSecond))))
		l.buckets[p] = bucket
	}
	return bucket.AllowN(now, 1)
}

// Storm refuses every call of every group for d of virtual time from now.
func (l *Limiter) Storm(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.storm = storm{now, now.Add(d)}
}
