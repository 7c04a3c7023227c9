//go:build unix

package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/manifest"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	localqueue "kmsplan.dev/kmsplan/internal/batch/queue/local"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/work"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// copies is how many objects are worked on at once, by a batch and by the loop beside it: a batch's own default.
const copies = 16

// place is where objects lie, and what a program that knows no batches would read and write them with.
type place struct {
	source source.Source
	get    func(ctx context.Context, name string) ([]byte, error)
	put    func(ctx context.Context, name string, content []byte) error
	bucket string // "" = none
}

// costs is objects of one place and one data key, and a KMS that costs nothing.
type costs struct {
	tb    testing.TB
	place place
	kms   *oneGateway
	names []string
}

// oneGateway is a local KMS as the one gateway of a module.
type oneGateway struct{ local }

func (l *oneGateway) Gateway(context.Context, string) (ops.Gateway, error) {
	return ops.Gateway{Name: "dev", Region: "cn-hangzhou", Account: "1000000000000001", Crypt: &l.local}, nil
}

func (l *oneGateway) ForKey(ctx context.Context, _ string) ([]ops.Gateway, error) {
	g, err := l.Gateway(ctx, "")
	return []ops.Gateway{g}, err
}

const costKey = "key-hzz6385f2e7a1b2c3d4e5"

// newCosts puts n envelopes of that size in place: copies of one.
func newCosts(tb testing.TB, at func(testing.TB) place, n, size int) *costs {
	tb.Helper()
	c := &costs{tb: tb, place: at(tb), kms: &oneGateway{}}
	dir := tb.TempDir()
	plain, sealed := filepath.Join(dir, "plain"), filepath.Join(dir, "sealed")
	c.must(os.WriteFile(plain, fill(size, 1), 0o600))
	_, err := ops.New(ops.Options{Keyring: c.kms, Now: time.Now}).EncryptFile(tb.Context(), plain, sealed, ops.Seal{Key: costKey}, nil)
	c.must(err)
	content, err := os.ReadFile(sealed)
	c.must(err)
	for i := range n {
		c.names = append(c.names, fmt.Sprintf("%08d", i+1))
	}
	c.each(func(ctx context.Context, name string) error { return c.place.put(ctx, name, content) })
	return c
}

func (c *costs) must(err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatal(err)
	}
}

// each does something with every object, as many at once as a batch: each goroutine takes one after the other.
func (c *costs) each(do func(ctx context.Context, name string) error) {
	c.tb.Helper()
	g, ctx := errgroup.WithContext(c.tb.Context())
	for first := range min(copies, len(c.names)) {
		g.Go(func() error {
			for i := first; i < len(c.names); i += copies {
				if err := do(ctx, c.names[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	c.must(g.Wait())
}

// copy reads and writes each object.
func (c *costs) copy() {
	c.tb.Helper()
	c.each(func(ctx context.Context, name string) error {
		content, err := c.place.get(ctx, name)
		if err != nil {
			return err
		}
		return c.place.put(ctx, name, content)
	})
}

// planned rotates the key, and makes a batch that brings all objects under the new version.
func (c *costs) planned() (*work.Worker, queue.Queue) {
	c.tb.Helper()
	c.kms.version++
	spec := batch.Spec{Address: "batch.archive", Action: batch.Rewrap, MaxFailures: 0, Source: c.place.source.Place(),
		Target: batch.Target{Gateway: "dev", KeyID: costKey, Version: fmt.Sprint("v", c.kms.version)}}
	var file bytes.Buffer
	survey := manifest.Survey{Source: c.place.source, Action: spec.Action, Target: spec.Target}
	made, err := manifest.Make(c.tb.Context(), survey, &file, 1000, 256<<20)
	c.must(err)
	if made.Todo != int64(len(c.names)) {
		c.tb.Fatalf("of %d objects %d are to be done: %+v", len(c.names), made.Todo, made)
	}
	spec.Manifest, spec.Objects, spec.Bytes, spec.Chunks = made.Digest, made.Objects, made.Bytes, made.Chunks
	q, err := localqueue.Open(c.tb.TempDir(), nil)
	c.must(err)
	c.must(q.Create(c.tb.Context(), spec, manifest.Parts(&file, made.Whole)))
	_, err = q.Change(c.tb.Context(), spec.Address, queue.Change{Status: batch.Running})
	c.must(err)
	return &work.Worker{Spec: spec, Source: c.place.source, Keys: keys.New(keys.Options{Ring: c.kms, Now: time.Now}), Name: "bench"}, q
}

// rewrap works on a batch to its end.
func (c *costs) rewrap(w *work.Worker, q queue.Queue) {
	c.tb.Helper()
	c.must(q.Work(c.tb.Context(), queue.Worker{Name: w.Name, Parallel: 1, Once: true, Do: w.Chunk}))
}

// rewritten demands that a batch has written every object.
func (c *costs) rewritten(q queue.Queue) {
	c.tb.Helper()
	r, err := q.Record(c.tb.Context(), "batch.archive")
	c.must(err)
	if r.Status != batch.Done || r.Tally.Written != int64(len(c.names)) {
		c.tb.Fatalf("the batch is %s, and has written %d of %d objects", r.Status, r.Tally.Written, len(c.names))
	}
	c.must(q.Close())
}

// BenchmarkObject rewraps objects of one data key with a KMS that costs nothing, in turn with a loop that reads and writes the
// same objects with the same SDK, as many at once: CPU time of this process, user and system; servers are others.
// KMSPLAN_BENCH_OBJECTS is how many small ones there are, 2,000.
func BenchmarkObject(b *testing.B) {
	small, err := strconv.Atoi(os.Getenv("KMSPLAN_BENCH_OBJECTS"))
	if err != nil {
		small = 2000
	}
	for _, at := range places() {
		b.Run(at.name+"/4KiB", func(b *testing.B) { measureCosts(b, newCosts(b, at.open, small, 4<<10)) })
		b.Run(at.name+"/16MiB", func(b *testing.B) { measureCosts(b, newCosts(b, at.open, 16, 16<<20)) })
	}
}

func measureCosts(b *testing.B, c *costs) {
	var ours, loop, ratio []float64
	for b.Loop() {
		b.StopTimer()
		w, q := c.planned()
		cpu := ownCPU(b)
		b.StartTimer()
		c.rewrap(w, q)
		ours = append(ours, (ownCPU(b) - cpu).Seconds())
		b.StopTimer()
		c.rewritten(q)
		cpu = ownCPU(b)
		c.copy()
		loop = append(loop, (ownCPU(b) - cpu).Seconds())
		ratio = append(ratio, ours[len(ours)-1]/loop[len(loop)-1])
		b.StartTimer()
	}
	n := float64(len(c.names))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(1e6*median(ours)/n, "rewrap-cpu-µs")
	b.ReportMetric(1e6*median(loop)/n, "copy-cpu-µs")
	b.ReportMetric(median(ratio), "rewrap/copy")
}

// TestACostIsOfTheSameObjects keeps the drivers compiling: a batch and a loop work on the same objects, in every place.
func TestACostIsOfTheSameObjects(t *testing.T) {
	for _, at := range places() {
		t.Run(at.name, func(t *testing.T) {
			c := newCosts(t, at.open, 3, 4<<10)
			for range 2 {
				w, q := c.planned()
				c.rewrap(w, q)
				c.rewritten(q)
				c.copy()
			}
		})
	}
}
