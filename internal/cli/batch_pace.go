package cli

import "time"

// paceOver is over how long calls are averaged: workers record them a hundred objects at a time, so that a second has none or many.
const paceOver = 20 * time.Second

// pace is how many calls a second a batch makes of late.
type pace struct{ looks []looked }

type looked struct {
	at    time.Time
	calls int64
}

// of adds a look, and averages from the oldest one that is not too old; 0 = too little is known.
func (p *pace) of(at time.Time, calls int64) float64 {
	p.looks = append(p.looks, looked{at, calls})
	for len(p.looks) > 2 && at.Sub(p.looks[1].at) >= paceOver {
		p.looks = p.looks[1:]
	}
	first := p.looks[0]
	gone := at.Sub(first.at).Seconds()
	if gone < 2*lookEvery.Seconds() || calls <= first.calls {
		return 0
	}
	return float64(calls-first.calls) / gone
}
