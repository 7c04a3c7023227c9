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

// Run works until the first of its bounds, or the context's end. Calls under way are waited for, and never cancelled.
func Run(ctx context.Context, w Work) Report {
	r := &run{Work: w, all: newTally(), now: newTally(), stopped: make(chan struct{}), begin: time.Now().Add(w.Warmup)}
	if w.Duration > 0 {
		timer := time.AfterFunc(w.Warmup+w.Duration, func() { r.stop(EndedByDuration) })
		defer timer.Stop()
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
	begin   time.Time // of the measurement
	stopped chan struct{}

	mu       sync.Mutex
	all, now *tally
	begun    int // calls
	warm     int // of them before begin
	ended    string
	last     time.Time // end of the last measured call
	told     time.Time // end of the last period
	periods  []Span
}

// stop lets no further call begin; the first reason stands.
func (r *run) stop(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopLocked(why)
}

func (r *run) stopLocked(why string) {
	if r.ended == "" {
		r.ended = why
		close(r.stopped)
	}
}

// take gives the number of a call that may begin now.
func (r *run) take() (n int, began time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	began = time.Now()
	switch {
	case r.ended != "":
		return 0, began, false
	case r.Most > 0 && r.begun >= r.Most:
		r.stopLocked(EndedByMost)
		return 0, began, false
	case r.Count > 0 && r.begun-r.warm >= r.Count:
		r.stopLocked(EndedByCount)
		return 0, began, false
	}
	if began.Before(r.begin) {
		r.warm++
	}
	r.begun++
	return r.begun - 1, began, true
}

func (r *run) work(ctx context.Context) {
	for {
		n, began, ok := r.take()
		if !ok {
			return
		}
		err := r.Call(ctx, n)
		if !began.Before(r.begin) {
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
	r.told = r.begin
	first := time.NewTimer(time.Until(r.begin) + r.Every)
	defer first.Stop()
	select {
	case <-done:
		r.period(time.Now())
		return
	case <-first.C:
	}
	r.period(time.Now())
	every := time.NewTicker(r.Every)
	defer every.Stop()
	for {
		select {
		case <-done:
			r.period(time.Now())
			return
		case <-every.C:
			r.period(time.Now())
		}
	}
}

// period ends the current period, unless nothing happened in what is left of the last.
func (r *run) period(end time.Time) {
	r.mu.Lock()
	over := r.ended != "" && r.now.requests == 0
	length := end.Sub(r.told)
	span := r.now.span(len(r.periods)+1, end.Sub(r.begin), length, int(r.all.latency.n))
	if !over {
		r.now, r.told, r.periods = newTally(), end, append(r.periods, span)
	}
	r.mu.Unlock()
	if !over && r.Period != nil {
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
