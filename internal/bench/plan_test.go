//go:build unix

package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

// BenchmarkPlanFiles plans 1,000 encrypt blocks whose outputs are current. The first plan digests every source with argon2id;
// what had been at rest for a minute then, later ones need not.
func BenchmarkPlanFiles(b *testing.B) {
	w := newWorld(b, "memory")
	w.write("main.kms.hcl", []byte(`
key "k" {
}

data "encrypt" "f" {
  for_each = toset([for n in range(1000) : tostring(n)])
  key      = key.k.id
  source   = "in/${each.key}"
  output   = "out/${each.key}.enc"
  scope    = "run"
}
`))
	for i := range objects {
		w.write(fmt.Sprint("in/", i), fmt.Appendf(nil, "content %d", i))
	}
	written := time.Now()
	b.Run("apply", func(b *testing.B) {
		var s sum
		for b.Loop() {
			w.must(os.RemoveAll(filepath.Join(w.dir, "out")))
			s.add(w.run("apply", "-auto-approve"))
		}
		s.report(b, objects, "files")
	})
	time.Sleep(time.Until(written.Add(61 * time.Second)))
	note := filepath.Join(w.dir, ".kmsplan", "files.json")
	for _, first := range []bool{true, false} {
		b.Run(map[bool]string{true: "first", false: "later"}[first], func(b *testing.B) {
			var s sum
			for b.Loop() {
				if first {
					w.must(os.RemoveAll(note))
				}
				s.add(w.run("plan", "-detailed-exitcode"))
			}
			s.report(b, objects, "files")
		})
	}
}

func decode(tb testing.TB, text []byte, into any) {
	tb.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
}
