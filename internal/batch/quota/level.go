package quota

import "time"

// Level is what a bucket remembers between leases. Whoever keeps one reads it, asks it, and stores what it answers, alone: the
// arithmetic is the same in memory and in a database, and the clock is one: the keeper's.
type Level struct {
	Ceiling float64   // calls per second
	Rate    float64   // calls per second, at At
	At      time.Time // of Rate
	Due     time.Time // when the next slot begins at the earliest
	Epoch   int64     // how often the rate was halved
}

// How the rate answers to refusals.
const (
	// growth is the part of the ceiling by which a rate grows in a second.
	growth = 0.05
	// least is the part of the ceiling below which no refusal brings the rate.
	least = 0.01
)

// Full is the level of a bucket that nobody used yet.
func Full(perSecond float64, now time.Time) Level {
	return Level{Ceiling: perSecond, Rate: perSecond, At: now, Due: now}
}

// Grown is the level after a time without refusals.
func (l Level) Grown(now time.Time) Level {
	if d := now.Sub(l.At); d > 0 {
		l.Rate = min(l.Ceiling, l.Rate+growth*l.Ceiling*d.Seconds())
		l.At = now
	}
	return l
}

// Lease gives a slot of n calls. The next one begins where it ends.
func (l Level) Lease(n int, now time.Time) (Level, Slot) {
	l = l.Grown(now)
	if l.Due.Before(now) {
		l.Due = now
	}
	every := time.Duration(float64(time.Second) / l.Rate)
	s := Slot{N: n, In: l.Due.Sub(now), Every: every, Epoch: l.Epoch}
	l.Due = l.Due.Add(time.Duration(n) * every)
	return l, s
}

// Throttled is the level after a call of a slot of that epoch was refused. Refusals of one epoch halve once: they tell of
// one moment.
func (l Level) Throttled(epoch int64, now time.Time) Level {
	l = l.Grown(now)
	if epoch != l.Epoch {
		return l
	}
	l.Rate = max(l.Rate/2, least*l.Ceiling)
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
	if far := now.Add(time.Second); l.Due.After(far) {
		l.Due = far // slots that were given under a slow rate; they end within it
	}
	return l
}
