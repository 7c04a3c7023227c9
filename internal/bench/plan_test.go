package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// estate declares n keys and n aliases.
func estate(n int) []byte {
	var names strings.Builder
	for i := range n {
		fmt.Fprintf(&names, "    \"app-%05d\",\n", i)
	}
	return []byte(`
locals {
  names = toset([
` + names.String() + `  ])
}

key "app" {
  for_each            = local.names
  description         = "Key of ${each.key}"
  deletion_protection = true
  tags                = { app = each.key }
}

alias "app" {
  for_each = local.names
  name     = "alias/${each.key}"
  key      = key.app[each.key].id
}
`)
}

// objects is how many keys, and as many aliases, the benchmarks of plan and apply have.
const objects = 1000

// BenchmarkPlan plans 1,000 keys and 1,000 aliases that are as they should be.
func BenchmarkPlan(b *testing.B) {
	w := newWorld(b, "memory")
	w.write("main.kms.hcl", estate(objects))
	w.run("apply", "-auto-approve")
	var s sum
	calls := 0
	for b.Loop() {
		w.clearCalls()
		s.add(w.run("plan", "-detailed-exitcode")) // fails if anything differs
		calls = w.calls()
	}
	s.report(b, 0, "")
	b.ReportMetric(float64(calls), "calls/op")
}

// BenchmarkApply creates them, each time in a new emulator.
func BenchmarkApply(b *testing.B) {
	var s sum
	calls := 0
	for b.Loop() {
		w := newWorld(b, "memory")
		w.write("main.kms.hcl", estate(objects))
		s.add(w.run("apply", "-auto-approve"))
		calls = w.calls()
	}
	s.report(b, 0, "")
	b.ReportMetric(float64(calls), "calls/op")
}

// BenchmarkPlanFiles plans 1,000 encrypt blocks whose outputs are current: the first plan after the apply digests every
// source, further ones those that changed since.
func BenchmarkPlanFiles(b *testing.B) {
	w := newWorld(b, "memory")
	var files strings.Builder
	files.WriteString(`
key "k" {
}

data "encrypt" "f" {
  for_each = toset([for n in range(1000) : tostring(n)])
  key      = key.k.id
  source   = "in/${each.key}"
  output   = "out/${each.key}.enc"
  scope    = "run"
}
`)
	w.write("main.kms.hcl", []byte(files.String()))
	for i := range objects {
		w.write(fmt.Sprint("in/", i), fmt.Appendf(nil, "content %d", i))
	}
	applied := w.run("apply", "-auto-approve")
	b.ReportMetric(applied.cpu.Seconds(), "apply-cpu-s")
	var s sum
	for b.Loop() {
		s.add(w.run("plan", "-detailed-exitcode"))
	}
	s.report(b, objects, "files")
}

func decode(tb testing.TB, text []byte, into any) {
	tb.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
}
