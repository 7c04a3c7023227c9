//go:build unix

package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkBatchSize is a whole batch over so many small files of one data key, in memory where that is: what each command
// takes, as a process. KMSPLAN_BENCH_SIZES are the numbers of files, 1000; with KMSPLAN_BENCH_PLAN set it is planned only.
func BenchmarkBatchSize(b *testing.B) {
	for _, text := range strings.Split(cmp.Or(os.Getenv("KMSPLAN_BENCH_SIZES"), "1000"), ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			w := manyFiles(b, n)
			for b.Loop() {
				b.ReportMetric(0, "ns/op")
				w.commands(b, n, os.Getenv("KMSPLAN_BENCH_PLAN") != "")
			}
		})
	}
}

// commands takes a batch through its commands and reports CPU time an object and peak memory of each.
func (w *world) commands(b *testing.B, n int, planOnly bool) {
	b.Helper()
	for _, c := range []struct {
		name string
		args []string
	}{
		{"plan", []string{"batch", "plan", "batch.archive"}},
		{"start", []string{"batch", "start", "-auto-approve", "batch.archive"}},
		{"status", []string{"batch", "status"}},
		{"report", []string{"batch", "report", "-objects", "batch.archive"}},
		{"verify", []string{"batch", "verify", "-auto-approve", "batch.archive"}},
	} {
		cost := w.run(c.args...)
		b.ReportMetric(1e6*cost.cpu.Seconds()/float64(n), c.name+"-cpu-µs/object")
		b.ReportMetric(cost.rss, c.name+"-MiB-rss")
		b.ReportMetric(cost.wall.Seconds(), c.name+"-wall-s")
		if planOnly {
			return
		}
		if c.name == "report" {
			if lines := strings.Count(string(cost.out), "\n"); lines != n+1 {
				b.Fatalf("the report of %d objects has %d lines", n, lines)
			}
		}
	}
}

// manyFiles is a module with a batch over n envelopes of one data key, which are to be rewrapped.
func manyFiles(tb testing.TB, n int) *world {
	tb.Helper()
	w := newWorld(tb, "memory")
	key := w.key()
	w.write("one", []byte("content"))
	w.run("encrypt", "-key", key, "one")
	envelope := w.read("one.enc")
	archive, err := os.MkdirTemp("/dev/shm", "kmsplan-bench-")
	if err != nil {
		archive = tb.TempDir()
	}
	tb.Cleanup(func() { os.RemoveAll(archive) })
	for i := range n {
		dir := filepath.Join(archive, fmt.Sprintf("%04d", i/1000))
		if i%1000 == 0 {
			w.must(os.Mkdir(dir, 0o755))
		}
		w.must(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%07d", i)), envelope, 0o600))
	}
	path, err := json.Marshal(archive)
	w.must(err)
	w.write("batch.kms.hcl", fmt.Appendf(nil, "alias \"a\" {\n  name = \"alias/a\"\n  key = %q\n}\nbatch \"archive\" {\n  action = \"rewrap\"\n  key = %q\n  source {\n    files { path = %s }\n  }\n}\n", key, key, path))
	w.run("apply", "-auto-approve")
	w.run("kms", "CreateKeyVersion", "-key-id", key)
	return w
}

// BenchmarkBatchLarge is the peak memory of a worker on 64 objects of each size in a bucket of S3, of one data key.
func BenchmarkBatchLarge(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20, 4 << 20, 16 << 20} {
		b.Run(fmt.Sprintf("s3/%dKiB", size>>10), func(b *testing.B) {
			w := largeObjects(b, size, 64)
			for b.Loop() {
				w.run("kms", "CreateKeyVersion", "-key-id", "alias/a")
				cost := w.run("batch", "start", "-auto-approve", "batch.archive")
				b.ReportMetric(cost.rss, "MiB-rss")
				b.ReportMetric(cost.cpu.Seconds()*1e3/64, "cpu-ms/object")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

func largeObjects(b *testing.B, size, n int) *world {
	b.Helper()
	w, p := newWorld(b, "memory"), inS3(b)
	w.write("one", fill(size, 1))
	w.write("batch.kms.hcl", fmt.Appendf(nil, "key \"a\" {}\nalias \"a\" {\n  name = \"alias/a\"\n  key = key.a.id\n}\nbatch \"archive\" {\n  action = \"rewrap\"\n  key = alias.a.name\n  source {\n    s3 {\n"+
		"      bucket = %q\n      endpoint = %q\n      path_style = true\n    }\n  }\n}\n", p.bucket, os.Getenv("KMSPLAN_TEST_S3")))
	w.run("apply", "-auto-approve")
	w.run("encrypt", "-key", "alias/a", "one")
	envelope := w.read("one.enc")
	for i := range n {
		w.must(p.put(b.Context(), fmt.Sprintf("%04d", i), envelope))
	}
	return w
}
