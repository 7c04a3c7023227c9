package load

import (
	"maps"
	"time"
)

// Span is what became of the calls of one period, or of the whole measurement.
type Span struct {
	Number    int            `json:"number"`             // of the period, from 1; 0 = the whole
	Seconds   float64        `json:"seconds"`            // from the measurement's begin to the span's end
	Requests  int            `json:"requests"`           // calls that ended, answered or failed
	Answered  int            `json:"answered"`           // of them without an error
	PerSecond float64        `json:"per_second"`         // answered calls, in this span
	Average   float64        `json:"average_per_second"` // answered calls a second, from the measurement's begin on
	Latency   Latency        `json:"latency"`            // of the answered calls
	Errors    map[string]int `json:"errors"`             // by kind
	Codes     map[string]int `json:"codes"`              // by the service's code
	First     error          `json:"-"`                  // the first failure; nil = none
}

// Latency is how long answers took, milliseconds. Percentiles are known to a 32nd of themselves.
type Latency struct {
	Min  float64 `json:"min_ms"`
	Mean float64 `json:"mean_ms"`
	P50  float64 `json:"p50_ms"`
	P90  float64 `json:"p90_ms"`
	P95  float64 `json:"p95_ms"`
	P99  float64 `json:"p99_ms"`
	P999 float64 `json:"p999_ms"`
	Max  float64 `json:"max_ms"`
}

// Why a measurement ended.
const (
	EndedByDuration = "duration"
	EndedByCount    = "count"
	EndedByMost     = "max_calls"
	EndedByContext  = "interrupted"
)

// Report is the whole of a measurement.
type Report struct {
	Span
	Warmup  int    `json:"warmup_requests"` // calls that are counted nowhere else
	Ended   string `json:"ended"`           // duration, count, max_calls or interrupted
	Periods []Span `json:"-"`
}

// tally gathers the calls of a span.
type tally struct {
	latency  histogram
	requests int
	errors   map[string]int
	codes    map[string]int
	first    error
}

func newTally() *tally { return &tally{errors: map[string]int{}, codes: map[string]int{}} }

func (t *tally) add(took time.Duration, err error, f Failure) {
	t.requests++
	if err == nil {
		t.latency.add(took)
		return
	}
	t.errors[f.Kind]++
	t.codes[f.Code]++
	if t.first == nil {
		t.first = err
	}
}

// span sums up what was gathered in length, and whole calls answered since the begin.
func (t *tally) span(number int, sinceBegin, length time.Duration, whole int) Span {
	h := &t.latency
	return Span{
		Number: number, Seconds: sinceBegin.Seconds(), Requests: t.requests, Answered: int(h.n),
		PerSecond: rate(int(h.n), length), Average: rate(whole, sinceBegin),
		Latency: Latency{
			Min: ms(h.min), Mean: ms(h.mean()), P50: ms(h.quantile(0.5)), P90: ms(h.quantile(0.9)), P95: ms(h.quantile(0.95)),
			P99: ms(h.quantile(0.99)), P999: ms(h.quantile(0.999)), Max: ms(h.max),
		},
		Errors: maps.Clone(t.errors), Codes: maps.Clone(t.codes), First: t.first,
	}
}

func rate(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
