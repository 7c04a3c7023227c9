package work

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// simulated is a batch on a virtual clock: its workers are real ones of a queue, under a real bucket, whose chunks
// take the time and the calls that objects would.
type simulated struct {
	objects   int
	keysOf    int // data keys of a chunk of 1,000 objects
	workers   int
	perSecond float64
	faults    bool
}

const (
	simulatedCall   = 8 * time.Millisecond  // of KMS
	simulatedObject = 20 * time.Millisecond // reading and writing one, 16 at once
	diesAfter       = time.Minute           // until a dead worker's chunk is given to another
)

// errDied is how a worker of a simulation dies: what it did since its last step is lost.
var errDied = errors.New("it died")

// chunks are those of a manifest, without entries: nobody reads them.
func (s simulated) chunks() iter.Seq2[queue.Part, error] {
	return func(yield func(queue.Part, error) bool) {
		for i := range (s.objects + 999) / 1000 {
			if !yield(queue.Part{Chunk: batch.Chunk{Index: i, Objects: min(1000, s.objects-i*1000)}}, nil) {
				return
			}
		}
	}
}

// run is how long the batch took, and the calls that were made.
func (s simulated) run(t *testing.T) (took time.Duration, calls int64) {
	q, bucket := queuetest.NewMemory(), quota.NewMemory(s.perSecond, nil)
	spec := batch.Spec{Address: "batch.simulated", Action: batch.Rewrap, MaxFailures: -1}
	if err := q.Create(t.Context(), spec, s.chunks()); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Change(t.Context(), spec.Address, queue.Change{Status: batch.Running}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var wg sync.WaitGroup
	for i := range s.workers {
		w := simulatedWorker{s, quota.NewPermits(bucket), rand.New(rand.NewPCG(1, uint64(i)))}
		wg.Go(func() {
			if err := q.Work(t.Context(), queue.Worker{Parallel: 1, Once: true, Do: w.chunk}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r, err := q.Record(t.Context(), spec.Address)
	if err != nil || r.Status != batch.Done || r.Tally.Objects != int64(s.objects) {
		t.Errorf("the batch is %s after %d of %d objects: %v", r.Status, r.Tally.Objects, s.objects, err)
	}
	return time.Since(began), r.Tally.Calls
}

type simulatedWorker struct {
	simulated
	permits *quota.Permits
	dice    *rand.Rand
}

func (w simulatedWorker) chunk(ctx context.Context, d queue.Delivery) error {
	s := d.Last()
	for s.Cursor < d.Chunk().Objects {
		n := min(stepEntries, d.Chunk().Objects-s.Cursor)
		before := s.Cursor * w.keysOf / d.Chunk().Objects
		keys := (s.Cursor+n)*w.keysOf/d.Chunk().Objects - before
		if err := w.calls(ctx, 3*keys); err != nil {
			return err
		}
		time.Sleep(time.Duration(n) * simulatedObject / defaultParallel)
		if w.faults && w.dice.IntN(10_000) == 0 {
			time.Sleep(diesAfter)
			return errDied
		}
		s.Cursor += n
		s.Tally.Objects += int64(n)
		s.Tally.Calls += int64(3 * keys)
		s.Done = s.Cursor == d.Chunk().Objects
		if _, err := d.Record(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// calls makes calls as the objects of a step do: up to 16 at once.
func (w simulatedWorker) calls(ctx context.Context, n int) error {
	for range n {
		epoch, err := w.permits.Take(ctx)
		if err != nil {
			return err
		}
		if w.faults && w.dice.IntN(100_000) == 0 {
			if err := w.permits.Throttled(ctx, epoch); err != nil {
				return err
			}
		}
	}
	time.Sleep(time.Duration((n+defaultParallel-1)/defaultParallel) * simulatedCall)
	return nil
}

// TestAHundredMillionObjectsTakeWhatArithmeticSays: five data keys to a chunk, 1.5 million calls at 600 a second, 64 workers of which
// a hundred die.
func TestAHundredMillionObjectsTakeWhatArithmeticSays(t *testing.T) {
	if testing.Short() {
		t.Skip("a million and a half calls")
	}
	synctest.Test(t, func(t *testing.T) {
		s := simulated{objects: 100_000_000, keysOf: 5, workers: 64, perSecond: 600, faults: true}
		took, calls := s.run(t)
		want := time.Duration(float64(calls) / s.perSecond * float64(time.Second))
		t.Logf("100 million objects, %d calls: %v, by arithmetic %v (%+.1f %%)", calls, took, want, 100*(took.Seconds()/want.Seconds()-1))
		if calls != 1_500_000 || took < want*99/100 || took > want*105/100 {
			t.Errorf("it took %v, and by arithmetic %v", took, want)
		}
	})
}

func TestTimeGrowsWithTheObjectsAndNoFaster(t *testing.T) {
	var last float64
	for _, objects := range []int{1_000, 10_000, 100_000, 1_000_000} {
		if testing.Short() && objects > 10_000 {
			break
		}
		t.Run(fmt.Sprint(objects), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := simulated{objects: objects, keysOf: 100, workers: 8, perSecond: 600}
				took, calls := s.run(t)
				each := took.Seconds() / float64(objects)
				t.Logf("%d objects, %d calls: %v", objects, calls, took)
				if last > 0 && each > last*1.05 {
					t.Errorf("an object takes %.3g s, among a tenth of them %.3g s", each, last)
				}
				last = each
			})
		})
	}
}
