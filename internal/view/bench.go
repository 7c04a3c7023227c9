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
	benchHead = "%7s %7s %8s %8s %7s %7s %7s %7s  %s\n"
	benchRow  = "%7.1f %7d %8.1f %8.1f %7.2f %7.2f %7.2f %7.2f  %s\n"
)

// BenchPeriod prints a row, with the heads of the columns above the first; a sentence where the terminal is narrow.
func (t *Terminal) BenchPeriod(s load.Span) {
	l, failed := s.Latency, counted(s.Errors)
	if t.Width >= narrowest && t.Width < defaultWidth {
		if failed != "" {
			failed = "; failed: " + failed
		}
		t.tell("%.1f s: %d answered of %d, %.1f a second, p50 %.2f ms, p99 %.2f ms%s\n", s.Seconds, s.Answered, s.Requests, s.PerSecond, l.P50, l.P99, failed)
		return
	}
	if s.Number == 1 {
		t.tell(benchHead, "SECONDS", "CALLS", "A SECOND", "AVERAGE", "MEAN ms", "P50", "P99", "MAX", "FAILED")
	}
	row := fmt.Sprintf(benchRow, s.Seconds, s.Requests, s.PerSecond, s.Average, l.Mean, l.P50, l.P99, l.Max, failed)
	t.tell("%s\n", strings.TrimRight(row, " \n"))
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
