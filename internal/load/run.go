package load

import (
	"context"
	"sync"
	"time"
)

// Failure is how a failed call is counted.
type Failure struct{ Kind, Code string }

// Work says what is called, from how many workers, and for how long.
type Work struct {
	Call    func(ctx context.Context, n int) error // n is the call's number, from 0
	Failure func(error) Failure
	Period  func(Span) // hears of each period, one at a time; nil = nobody

	Workers  int
	Warmup   time.Duration // calls begun in it are counted nowhere
	Duration time.Duration // of the measurement; 0 = until Count, Most or the context's end
	Every    time.Duration // a period
	Count    int           // measured calls; 0 = no bound
	Most     int           // calls at all, warm-up included: not one more is begun; 0 = no bound
}

// Run works until the first of its bounds, or the context's end. Calls under way are waited for, and never cancelled. The warm-up
// takes a tenth of Most at most.
func Run(ctx context.Context, w Work) Report {
	r := &run{Work: w, all: newTally(), now: newTally(), started: make(chan struct{})}
	if w.Warmup > 0 {
		timer := time.AfterFunc(w.Warmup, r.start)
		defer timer.Stop()
	} else {
		r.start()
	}
	defer context.AfterFunc(ctx, func() { r.stop(EndedByContext) })()
	var workers, teller sync.WaitGroup
	for range w.Workers {
		workers.Go(func() { r.work(context.WithoutCancel(ctx)) })
	}
	done := make(chan struct{})
	teller.Go(func() { r.tell(done) })
	workers.Wait()
	close(done)
	teller.Wait()
	return r.report()
}

// run is a Work under way.
type run struct {
	Work
	started chan struct{} // closed when the measurement begins

	mu       sync.Mutex
	all, now *tally
	begin    time.Time // of the measurement; zero before it
	end      *time.Timer
	begun    int // calls
	warm     int // of them before begin
	ended    string
	last     time.Time // end of the last measured call
	told     time.Time // end of the last period
	periods  []Span
}

// start ends the warm-up.
func (r *run) start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.startLocked()
}

func (r *run) startLocked() {
	if !r.begin.IsZero() || r.ended != "" {
		return
	}
	r.begin = time.Now()
	r.told = r.begin
	if r.Duration > 0 {
		r.end = time.AfterFunc(r.Duration, func() { r.stop(EndedByDuration) })
	}
	close(r.started)
}

// stop lets no further call begin; the first reason stands.
func (r *run) stop(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopLocked(why)
}

func (r *run) stopLocked(why string) {
	if r.ended != "" {
		return
	}
	r.ended = why
	if r.end != nil {
		r.end.Stop()
	}
}

// warmShare is the part of Most that a warm-up may take.
const warmShare = 10

// take gives the number of a call that may begin now, and whether it is measured.
func (r *run) take() (n int, measured, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Most > 0 && r.warm >= r.Most/warmShare {
		r.startLocked()
	}
	switch {
	case r.ended != "":
		return 0, false, false
	case r.Most > 0 && r.begun >= r.Most:
		r.stopLocked(EndedByMost)
		return 0, false, false
	case r.Count > 0 && r.begun-r.warm >= r.Count:
		r.stopLocked(EndedByCount)
		return 0, false, false
	}
	if r.begin.IsZero() {
		r.warm++
	}
	r.begun++
	return r.begun - 1, !r.begin.IsZero(), true
}

func (r *run) work(ctx context.Context) {
	for {
		n, measured, ok := r.take()
		if !ok {
			return
		}
		began := time.Now()
		err := r.Call(ctx, n)
		if measured {
			r.add(began, err)
		}
	}
}

func (r *run) add(began time.Time, err error) {
	var f Failure
	if err != nil {
		f = r.Failure(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = time.Now()
	took := r.last.Sub(began)
	r.all.add(took, err, f)
	r.now.add(took, err, f)
}

// tell ends a period each Every, until done.
func (r *run) tell(done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-r.started:
	}
	every := time.NewTicker(r.Every)
	defer every.Stop()
	for {
		select {
		case <-done:
			r.period(true)
			return
		case <-every.C:
			r.period(false)
		}
	}
}

// period ends the current period. The last one goes on until the last call ended: what is left of a measurement once no call
// begins is no period of its own.
func (r *run) period(last bool) {
	r.mu.Lock()
	now := time.Now()
	over := r.ended != "" || r.Duration > 0 && now.Sub(r.begin) >= r.Duration
	if over && !last || last && r.now.requests == 0 {
		r.mu.Unlock()
		return
	}
	span := r.now.span(len(r.periods)+1, now.Sub(r.begin), now.Sub(r.told), int(r.all.latency.n))
	r.now, r.told, r.periods = newTally(), now, append(r.periods, span)
	r.mu.Unlock()
	if r.Period != nil {
		r.Period(span)
	}
}

// report sums everything up. It lasted until the last call ended.
func (r *run) report() Report {
	length := r.last.Sub(r.begin)
	if r.all.requests == 0 {
		length = 0
	}
	return Report{Span: r.all.span(0, length, length, int(r.all.latency.n)), Warmup: r.warm, Ended: r.ended, Periods: r.periods}
}
