package quota

import (
	"math"
	"time"
)

// Level is what a bucket remembers between leases. Whoever keeps one reads it, asks it, and stores what it answers, alone: the
// arithmetic is the same in memory and in a database, and the clock is one: the keeper's.
type Level struct {
	Ceiling float64   // calls per second
	Rate    float64   // calls per second, at At
	At      time.Time // of Rate
	Due     time.Time // when the next slot begins at the earliest
	Epoch   int64     // how often the rate was halved
	Halved  time.Time // when it was halved last; zero = never
	Known   float64   // the rate below the ceiling at which the service refused last, calls per second; 0 = none
}

// How the rate answers to refusals, and how far ahead slots are given.
const (
	// growth is the part of the ceiling by which a rate grows in a second, where nobody knows what the service allows.
	growth = 0.05
	// least is the part of the ceiling below which no refusal brings the rate.
	least = 0.01
	// near is the part of the known rate to which a rate returns fast, in about a second; from there it creeps: a second adds
	// creep of the ceiling, and haste of what it has crept so far, so that a quota that grew is found, too.
	near, creep, haste = 0.97, 0.003, 0.1
	// settles is how long refusals tell of calls that began before the rate was halved: quotas count by the second.
	settles = time.Second
	// slotLasts is how long a slot is at the most, or one call: a bucket is asked twenty times a second however fast it is, and a
	// worker that dies takes two slots with it, the one that it has and the one that it asked for ahead.
	slotLasts = time.Second / 20
	// horizon is how far ahead of now a slot begins at the most, so that a halving and a new rate are soon felt by all.
	horizon = time.Second / 2
)

// Full is the level of a bucket that nobody used yet.
func Full(perSecond float64, now time.Time) Level {
	return Level{Ceiling: perSecond, Rate: perSecond, At: now, Due: now}
}

// Grown is the level after a time without refusals.
func (l Level) Grown(now time.Time) Level {
	d := now.Sub(l.At).Seconds()
	if d <= 0 {
		return l
	}
	l.At = now
	if l.Known == 0 {
		l.Rate += growth * l.Ceiling * d
	} else {
		l.Rate = l.returned(d)
	}
	if l.Rate >= l.Ceiling {
		l.Rate, l.Known = l.Ceiling, 0
	}
	return l
}

// returned is a rate on its way back to the known one, and past it.
func (l Level) returned(d float64) float64 {
	rate, knee := l.Rate, near*l.Known
	if rate < knee {
		fast := l.Known / 2 // of half of it, which a halving leaves, in a second
		t := min(d, (knee-rate)/fast)
		rate, d = rate+t*fast, d-t
	}
	if d > 0 {
		step := creep * l.Ceiling / haste
		rate = max(knee, rate)
		rate += (rate - knee + step) * math.Expm1(haste*d)
	}
	return rate
}

// Lease gives a slot of n calls, or of as many as begin within slotLasts. The next one begins where it ends. Where slots are given for
// horizon already, it gives none, and says when to ask again. Who asks gets the answer after lead.
func (l Level) Lease(n int, now time.Time, lead time.Duration) (Level, Slot) {
	if ahead := l.Due.Sub(now); ahead > horizon {
		return l, Slot{In: ahead - horizon/2}
	}
	l = l.Grown(now)
	if soonest := now.Add(min(lead, horizon)); l.Due.Before(soonest) {
		l.Due = soonest
	}
	every := time.Duration(float64(time.Second) / l.Rate)
	n = min(n, max(1, int(slotLasts/every)))
	s := Slot{N: n, In: l.Due.Sub(now), Every: every, Epoch: l.Epoch}
	l.Due = l.Due.Add(time.Duration(n) * every)
	return l, s
}

// Throttled is the level after a call of a slot of that epoch was refused. Refusals of one epoch, or of one second, halve once: they
// tell of one moment. A refusal at the ceiling says only that it is too high; one on the way up to it says where the quota is.
func (l Level) Throttled(epoch int64, now time.Time) Level {
	l = l.Grown(now)
	if epoch != l.Epoch || now.Sub(l.Halved) < settles {
		return l
	}
	if l.Known = 0; l.Rate < l.Ceiling {
		l.Known = l.Rate
	}
	l.Rate = max(l.Rate/2, least*l.Ceiling)
	l.Halved = now
	l.Epoch++
	return l
}

// Set is the level with another ceiling. A rate that refusals brought down grows from where it is.
func (l Level) Set(perSecond float64, now time.Time) Level {
	full := l.Rate >= l.Ceiling
	l = l.Grown(now)
	l.Ceiling = perSecond
	if full || l.Rate > perSecond {
		l.Rate = perSecond
	}
	if l.Known >= perSecond {
		l.Known = 0
	}
	if far := now.Add(horizon); l.Due.After(far) {
		l.Due = far // slots that were given under a slow rate; they end within it
	}
	return l
}
