package core

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// clockKey is the clock record's key in its table.
const clockKey = "clock"

// Latest is the last instant the virtual clock may show.
var Latest = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Tick fires everything that has become due by now, in order of time.
func (e *Engine) Tick() ([]Fired, error) {
	if !e.isDue(e.Now()) {
		return nil, nil
	}
	e.timeMu.Lock()
	defer e.timeMu.Unlock()
	return e.FireUntil(e.Now(), false)
}

// settle is Tick for handlers: a call sees a world in which everything due has
// happened.
func (e *Engine) settle() error {
	if e.guise {
		return nil
	}
	_, err := e.Tick()
	return ServiceError(err)
}

// Advance moves the virtual clock forward by d, from event to event, so that
// each happens at its own instant, and returns what fired.
func (e *Engine) Advance(d time.Duration) ([]Fired, error) {
	if d < 0 {
		return nil, fmt.Errorf("advance the clock: %s is negative; set the clock to go back", d)
	}
	e.timeMu.Lock()
	defer e.timeMu.Unlock()
	return e.moveTo(e.Now().Add(d))
}

// SetTime makes it t. Going forward fires events like Advance; going back fires
// nothing and undoes nothing.
func (e *Engine) SetTime(t time.Time) ([]Fired, error) {
	e.timeMu.Lock()
	defer e.timeMu.Unlock()
	if t.Before(e.Now()) {
		e.clock.Set(t)
		return nil, e.keepClock()
	}
	return e.moveTo(t)
}

func (e *Engine) moveTo(t time.Time) ([]Fired, error) {
	if t.After(Latest) {
		return nil, fmt.Errorf("move the clock: %s is after %s", t.Format(Stamp), Latest.Format(Stamp))
	}
	fired, err := e.FireUntil(t, true)
	if err != nil {
		return fired, err
	}
	e.clock.Set(t)
	return fired, e.keepClock()
}

// Freeze stops the virtual clock.
func (e *Engine) Freeze() error { return e.changeClock(func() error { e.clock.Freeze(); return nil }) }

// Resume lets the virtual clock run on at real time.
func (e *Engine) Resume() error { return e.changeClock(func() error { e.clock.Resume(); return nil }) }

// Run lets the virtual clock run at a rate, see clock.Clock.Run.
func (e *Engine) Run(rate float64) error {
	return e.changeClock(func() error { return e.clock.Run(rate) })
}

func (e *Engine) changeClock(change func() error) error {
	e.timeMu.Lock()
	defer e.timeMu.Unlock()
	if err := change(); err != nil {
		return err
	}
	return e.keepClock()
}

// FireUntil fires what is due at or before until, a batch to a commit. With
// move, the clock goes along and is kept in the same commit, so that a crash
// leaves time and events in step. The caller holds timeMu.
func (e *Engine) FireUntil(until time.Time, move bool) ([]Fired, error) {
	var fired []Fired
	for e.isDue(until) {
		var batch []Fired
		err := e.Db.Update(func(tx *store.Tx) error {
			var err error
			batch, err = e.fireBatch(tx, until)
			if err == nil && move && len(batch) > 0 {
				e.clock.Set(batch[len(batch)-1].At)
				e.Table.clock.Put(tx, clockKey, e.clock.State())
			}
			return err
		})
		if err != nil {
			return fired, fmt.Errorf("fire due events: %w", err)
		}
		if len(batch) == 0 {
			break
		}
		fired = append(fired, batch...)
		if len(fired) >= e.FireMost {
			return fired, fmt.Errorf("fire due events: more than %d fall due up to %s; the clock stopped at %s, move it in smaller steps",
				e.FireMost, until.Format(Stamp), fired[len(fired)-1].At.Format(Stamp))
		}
	}
	return fired, nil
}

func (e *Engine) fireBatch(tx *store.Tx, until time.Time) ([]Fired, error) {
	var batch []Fired
	for len(batch) < fireBatch {
		f, err := e.fireNext(tx, until)
		if err != nil {
			return nil, err
		}
		if f == nil {
			break
		}
		batch = append(batch, *f)
	}
	return batch, nil
}

func (e *Engine) keepClock() error {
	state := e.clock.State()
	if err := e.Db.Update(func(tx *store.Tx) error {
		e.Table.clock.Put(tx, clockKey, state)
		return nil
	}); err != nil {
		return fmt.Errorf("keep the clock: %w", err)
	}
	return nil
}

// restoreClock continues the kept clock, if there is one.
func (e *Engine) restoreClock() error {
	state, found := e.keptClock()
	if !found {
		return nil
	}
	return e.clock.Restore(state)
}

func (e *Engine) keptClock() (state clock.State, found bool) {
	_ = e.Db.View(func(tx *store.Tx) error {
		state, found = e.Table.clock.Get(tx, clockKey)
		return nil
	})
	return state, found
}
