package load

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errRefused = errors.New("refused")

// answering answers each call after took, and every nth (0: none) with an error.
func answering(took time.Duration, nth int) func(context.Context, int) error {
	return func(_ context.Context, n int) error {
		time.Sleep(took) // in a bubble
		if nth > 0 && n%nth == nth-1 {
			return errRefused
		}
		return nil
	}
}

func work() Work {
	return Work{
		Call: answering(10*time.Millisecond, 0), Failure: func(error) Failure { return Failure{"client", "Refused"} },
		Workers: 4, Every: time.Second,
	}
}

// TestRatesAndPeriods: four workers whose calls take 10 ms are answered 400 times a second, in every period and over all.
func TestRatesAndPeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := work()
		w.Warmup, w.Duration = 495*time.Millisecond, 3*time.Second // no timer ends when a call does
		var told []Span
		w.Period = func(s Span) { told = append(told, s) }
		r := Run(t.Context(), w)
		if r.Answered != 1200 || r.Requests != 1200 || r.Warmup != 200 || r.Ended != EndedByDuration {
			t.Errorf("%d answered of %d, %d before, ended by %s", r.Answered, r.Requests, r.Warmup, r.Ended)
		}
		if r.PerSecond < 399 || r.PerSecond > 400 || r.Latency.Min != 10 || r.Latency.P50 != 10 || r.Latency.Max != 10 || r.Seconds != 3.005 {
			t.Errorf("%+v", r.Span)
		}
		if len(told) != 3 || len(r.Periods) != len(told) {
			t.Fatalf("%d periods were told", len(told))
		}
		sum := 0
		for i, s := range told {
			sum += s.Answered
			if s.Number != i+1 || i < 2 && s.Seconds != float64(i+1) {
				t.Errorf("period %d: %+v", i, s)
			}
		}
		if sum != r.Answered {
			t.Errorf("the periods have %d calls, the whole %d", sum, r.Answered)
		}
	})
}

// TestBoundsAreExact: not one call more than Most begins, warm-up included, and Count measured ones.
func TestBoundsAreExact(t *testing.T) {
	for _, tt := range []struct {
		name        string
		change      func(*Work)
		calls, made int // at all, measured
		ended       string
	}{
		{"most", func(w *Work) { w.Most = 101 }, 101, 101, EndedByMost},
		{"most, a tenth of it in the warm-up", func(w *Work) { w.Most, w.Warmup = 101, time.Hour }, 101, 91, EndedByMost},
		{"count", func(w *Work) { w.Count = 37 }, 37, 37, EndedByCount},
		{"count after the warm-up", func(w *Work) { w.Count, w.Warmup = 37, 45*time.Millisecond }, 57, 37, EndedByCount},
		{"most before count", func(w *Work) { w.Count, w.Most = 100, 10 }, 10, 10, EndedByMost},
		{"nothing lasts no time", func(w *Work) { w.Duration = time.Nanosecond }, 4, 4, EndedByDuration},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := work()
				tt.change(&w)
				var calls atomic.Int64
				call := w.Call
				w.Call = func(ctx context.Context, n int) error { calls.Add(1); return call(ctx, n) }
				r := Run(t.Context(), w)
				if int(calls.Load()) != tt.calls || r.Requests != tt.made || r.Ended != tt.ended {
					t.Errorf("%d calls, %d measured, ended by %s", calls.Load(), r.Requests, r.Ended)
				}
			})
		})
	}
}

// TestFailuresAreNoAnswers: they count by kind and code, and neither in rates nor in latencies.
func TestFailuresAreNoAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := work()
		w.Call, w.Count = answering(10*time.Millisecond, 4), 400
		r := Run(t.Context(), w)
		if r.Answered != 300 || r.Errors["client"] != 100 || r.Codes["Refused"] != 100 || r.PerSecond != 300 || !errors.Is(r.First, errRefused) {
			t.Errorf("%+v", r.Span)
		}
	})
}

// TestAnInterruptWaits: what is under way is not cancelled, and nothing more begins.
func TestAnInterruptWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Millisecond)
		defer cancel()
		w := work()
		w.Call = func(ctx context.Context, n int) error {
			time.Sleep(10 * time.Millisecond)
			return ctx.Err()
		}
		r := Run(ctx, w)
		if r.Ended != EndedByContext || r.Requests != 12 || r.Answered != 12 {
			t.Errorf("%d answered of %d, ended by %s", r.Answered, r.Requests, r.Ended)
		}
	})
}
