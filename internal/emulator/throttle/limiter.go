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
	storm   time.Time // every call is refused before this instant
}

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
	if now.Before(l.storm) {
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
	l.storm = l.now().Add(d)
}
