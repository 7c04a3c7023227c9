package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/load"
)

// benchHead and benchRow are the columns of a benchmark's periods, which come one by one.
const (
	benchHead = "%8s %9s %9s %9s %9s %8s %8s %8s %8s %8s  %s\n"
	benchRow  = "%8.1f %9d %9d %9.1f %9.1f %8.2f %8.2f %8.2f %8.2f %8.2f  %s\n"
)

// BenchPeriod prints a row, with the heads of the columns above the first.
func (t *Terminal) BenchPeriod(s load.Span) {
	if s.Number == 1 {
		fmt.Fprintf(t.Out, benchHead, "SECONDS", "CALLS", "ANSWERED", "A SECOND", "AVERAGE", "MIN ms", "MEAN", "P50", "P99", "MAX", "FAILED")
	}
	l := s.Latency
	fmt.Fprintf(t.Out, benchRow, s.Seconds, s.Requests, s.Answered, s.PerSecond, s.Average, l.Min, l.Mean, l.P50, l.P99, l.Max, counted(s.Errors))
}

// Benched prints the sum.
func (t *Terminal) Benched(r load.Report) {
	l := r.Latency
	t.tell("\n%s in %.1f s: %d answered, %.1f a second.\n", plural(r.Requests, "call"), r.Seconds, r.Answered, r.PerSecond)
	if r.Answered > 0 {
		t.tell("Latency, ms: min %.2f, mean %.2f, p50 %.2f, p90 %.2f, p95 %.2f, p99 %.2f, p99.9 %.2f, max %.2f.\n", l.Min, l.Mean, l.P50, l.P90, l.P95, l.P99, l.P999, l.Max)
	}
	if len(r.Errors) > 0 {
		t.tell("Failed: %s. By code: %s.\n", counted(r.Errors), counted(r.Codes))
	}
	if r.Warmup > 0 {
		t.tell("%s of the warm-up %s not counted.\n", plural(r.Warmup, "call"), isAre(r.Warmup))
	}
	switch r.Ended {
	case load.EndedByMost:
		t.tell("It ended because no more calls were allowed (-max-calls).\n")
	case load.EndedByContext:
		t.tell("It was interrupted.\n")
	}
}

// counted is a count of names, most first where they differ in nothing else: "3 throttled, 1 timeout".
func counted(counts map[string]int) string {
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", counts[name], neutral(name))
	}
	return strings.Join(names, ", ")
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// BenchPeriod writes a line for a period.
func (l *Lines) BenchPeriod(s load.Span) {
	l.emit("info", "bench_period", fmt.Sprintf("%.1f s: %d answered of %d, %.1f a second", s.Seconds, s.Answered, s.Requests, s.PerSecond), map[string]any{"bench": s})
}

// Benched writes the line of the whole.
func (l *Lines) Benched(r load.Report) {
	l.emit("info", "bench_summary", fmt.Sprintf("%d answered of %d, %.1f a second", r.Answered, r.Requests, r.PerSecond), map[string]any{"bench": r})
}
