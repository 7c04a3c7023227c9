package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
	"kmsplan.dev/kmsplan/internal/batch/quota"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/work"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// BatchWorking says what a worker works on.
type BatchWorking struct {
	Address  addr.Address // of one batch; zero = all of the module
	Queue    string       // local, postgres or shards: only batches of that queue; "" = of any
	Once     bool         // it ends when nothing is left to do
	Parallel int          // chunks at once; 0 = 2
	Objects  int          // objects of a chunk at once; 0 = 16
	Shard    shards.Shard
	Ledger   string // of queues of shards, in the place of what their blocks say; "" = as they say
	// Failed is told of a chunk that ended with an error, and comes again; nil = nobody is.
	Failed func(address string, chunk int, err error)
	// Paused is told of a batch that this worker paused, because it fails everywhere; nil = nobody is.
	Paused func(address string, err error)
}

// BatchWorker works on the batches of a stack. Close it.
type BatchWorker struct {
	s    *Stack
	o    BatchWorking
	name string

	queues  map[string]queue.Queue // by place
	batches map[string]*workedOn   // by address

	mu     sync.Mutex
	pacers map[string]*quota.Pacer // by the queue's place and gateway
}

// workedOn is a batch of the module that a worker may get chunks of.
type workedOn struct {
	batch *Batch
	queue queue.Queue

	mu     sync.Mutex
	id     string         // of the run that the rest is for
	noted  bool           // what it left is in the state
	at     sync.WaitGroup // deliveries of the run that are worked on
	source source.Source
	keys   *keys.Keys
	later  []string
	rate   batch.Rate
}

// callsDeadline bounds one call of a batch, with its wait for a turn.
const callsDeadline = longestTurn

// BatchWorker opens the queues of the module's batches.
func (s *Stack) BatchWorker(ctx context.Context, o BatchWorking) (*BatchWorker, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	w := &BatchWorker{
		s: s, o: o, name: fmt.Sprintf("%s/%d", host, os.Getpid()), queues: map[string]queue.Queue{}, batches: map[string]*workedOn{}, pacers: map[string]*quota.Pacer{},
	}
	for _, a := range s.Batches() {
		if o.Address != (addr.Address{}) && a != o.Address {
			continue
		}
		if err := w.open(ctx, a); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", a, err), w.Close())
		}
	}
	if len(w.batches) == 0 {
		return nil, errors.Join(w.none(), w.Close())
	}
	return w, nil
}

func (w *BatchWorker) open(ctx context.Context, a addr.Address) error {
	b, err := w.s.BatchPlaces(ctx, a)
	if err != nil || w.o.Queue != "" && b.Queue != w.o.Queue {
		return err
	}
	if b.Queue == kind.QueueShards && w.o.Shard == (shards.Shard{}) && w.o.Queue == "" && w.o.Address == (addr.Address{}) {
		return nil // of the others' workers: this one has no part of it
	}
	if err := b.hasPart(w.o.Shard); err != nil {
		return err
	}
	if w.o.Ledger != "" && b.Queue == kind.QueueShards {
		b.Ledger(w.o.Ledger)
	}
	q, err := b.OpenQueue(ctx, w.o.Shard)
	if err != nil {
		return fmt.Errorf("open the queue: %w", err)
	}
	if known, ok := w.queues[q.Place()]; ok {
		if err := q.Close(); err != nil {
			return err
		}
		q = known
	}
	w.queues[q.Place()] = q
	w.batches[a.String()] = &workedOn{batch: b, queue: q}
	return nil
}

// Migrate brings the tables of queues that are in a database up to this version.
func (w *BatchWorker) Migrate(ctx context.Context) (places []string, err error) {
	for place, q := range w.queues {
		if m, ok := q.(interface{ Migrate(context.Context) error }); ok {
			if err := m.Migrate(ctx); err != nil {
				return places, err
			}
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places, nil
}

// Queue is the queue of the worker, and how many it has: who shows one needs to know which.
func (w *BatchWorker) Queue() (queue.Queue, int) {
	for _, q := range w.queues {
		return q, len(w.queues)
	}
	return nil, 0
}

// Places are where the queues are.
func (w *BatchWorker) Places() []string { return slices.Sorted(maps.Keys(w.queues)) }

// Close lets go of queues, sources and data keys. Nobody works any more.
func (w *BatchWorker) Close() (err error) {
	for _, b := range w.batches {
		err = errors.Join(err, b.forget())
	}
	for _, q := range w.queues {
		err = errors.Join(err, q.Close())
	}
	return err
}

// forget waits for what is worked on: a data key is not overwritten under it.
func (b *workedOn) forget() (err error) {
	b.at.Wait()
	if b.keys != nil {
		b.keys.Forget()
	}
	if b.source != nil {
		err = b.source.Close()
	}
	b.id, b.keys, b.source, b.later, b.noted = "", nil, nil, nil, false
	return err
}

// Work works until ctx ends, or, once, until there is nothing left. What was begun when ctx ends is finished and recorded.
func (w *BatchWorker) Work(ctx context.Context) error {
	if err := w.refuse(ctx); err != nil {
		return err
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	watch.Go(func() { w.watch(watching) })
	g, gctx := errgroup.WithContext(ctx)
	for _, q := range w.queues {
		g.Go(func() error {
			address := ""
			if w.o.Address != (addr.Address{}) {
				address = w.o.Address.String()
			}
			return q.Work(gctx, queue.Worker{Name: w.name, Parallel: max(w.o.Parallel, 1), Address: address, Once: w.o.Once, Do: w.do, Paused: w.o.Paused})
		})
	}
	err := g.Wait()
	stop()
	watch.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // drained
	}
	return errors.Join(err, w.ended(context.WithoutCancel(ctx)))
}

// Left are those of the worker's batches that were started and are not over; none says that not one of them was ever started.
func (w *BatchWorker) Left(ctx context.Context) (left []batch.Record, none bool, err error) {
	none = true
	for _, address := range slices.Sorted(maps.Keys(w.batches)) {
		r, err := w.batches[address].queue.Record(ctx, address)
		if errors.Is(err, queue.ErrNone) {
			continue
		}
		if err != nil {
			return left, false, err
		}
		if none = false; !r.Status.Over() {
			left = append(left, r)
		}
	}
	return left, none, nil
}

// refuse looks at what is unfinished before anything is begun: a batch of another stack, or of another place, is none of this
// module's.
func (w *BatchWorker) refuse(ctx context.Context) error {
	for address, b := range w.batches {
		r, err := b.queue.Record(ctx, address)
		if errors.Is(err, queue.ErrNone) || err == nil && r.Status.Over() {
			continue
		}
		if err == nil {
			err = w.s.MayWork(ctx, b.batch, r.Spec)
		}
		if err == nil {
			err = b.batch.isAt(ctx, r.Spec)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isAt refuses a batch that was planned for another source than the one that is opened here.
func (b *Batch) isAt(ctx context.Context, spec batch.Spec) error {
	here, err := b.place(ctx)
	if err != nil {
		return err
	}
	return plannedFor(here, spec)
}

// place is where the objects are, as their source calls it.
func (b *Batch) place(ctx context.Context) (string, error) {
	src, err := b.OpenSource(ctx)
	if err != nil {
		return "", fmt.Errorf("%s: open the source: %w", b.Spec.Address, err)
	}
	return src.Place(), src.Close()
}

// do works on one delivery.
func (w *BatchWorker) do(ctx context.Context, d queue.Delivery) error {
	err := w.deliver(ctx, d)
	if err != nil && !errors.Is(err, context.Canceled) && w.o.Failed != nil {
		w.o.Failed(d.Spec().Address, d.Chunk().Index, err)
	}
	return err
}

func (w *BatchWorker) deliver(ctx context.Context, d queue.Delivery) error {
	spec := d.Spec()
	b, ok := w.batches[spec.Address]
	if !ok {
		return fmt.Errorf("the module declares no %s, which the queue has", spec.Address)
	}
	if err := w.s.MayWork(ctx, b.batch, spec); err != nil {
		return err
	}
	worker, err := w.worker(ctx, b, spec)
	if err != nil {
		return err
	}
	defer b.at.Done()
	return worker.Chunk(quota.With(ctx, w.pacer(b.queue, spec.Target.Gateway)), d)
}

// worker is what works on one run of a batch; its source, keys and rate are made once for a run.
func (w *BatchWorker) worker(ctx context.Context, b *workedOn, spec batch.Spec) (*work.Worker, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.id != spec.ID() {
		if err := w.begin(ctx, b, spec); err != nil {
			return nil, errors.Join(err, b.forget())
		}
	}
	b.at.Add(1)
	return &work.Worker{
		Spec: spec, Source: b.source, Keys: b.keys, Identities: w.s.options.Identities, Later: b.later, Parallel: w.o.Objects, Name: w.name, Now: w.s.options.Now,
	}, nil
}

func (w *BatchWorker) begin(ctx context.Context, b *workedOn, spec batch.Spec) (err error) {
	if err := b.forget(); err != nil {
		return err
	}
	if b.source, err = b.batch.OpenSource(ctx); err != nil {
		return fmt.Errorf("%s: open the source: %w", spec.Address, err)
	}
	if err := plannedFor(b.source.Place(), spec); err != nil {
		return err
	}
	b.later = w.s.laterVersions(ctx, spec.Target)
	r, err := b.queue.Record(ctx, spec.Address)
	if err != nil {
		return err
	}
	if err := w.pace(ctx, b, r); err != nil {
		return err
	}
	b.keys = keys.New(keys.Options{
		Ring: w.s.Keyring(), Now: w.s.options.Now, Unproved: w.s.options.UnprovedDataKeys, FilesPerKey: w.s.options.FilesPerDataKey, Deadline: callsDeadline,
	})
	b.id = spec.ID()
	return nil
}

// pace has the shared bucket follow the rate of a batch.
func (w *BatchWorker) pace(ctx context.Context, b *workedOn, r batch.Record) error {
	b.rate = r.Rate
	return b.queue.Bucket(r.Spec.Target.Gateway, quota.Symmetric).Set(ctx, r.Rate.PerSecond(b.batch.Quota))
}

// pacer gives the turns of a gateway's calls, of all batches of a queue together.
func (w *BatchWorker) pacer(q queue.Queue, gateway string) *quota.Pacer {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := q.Place() + "\x00" + gateway
	if w.pacers[name] == nil {
		w.pacers[name] = quota.NewPacer(q.Bucket(gateway, quota.Symmetric))
	}
	return w.pacers[name]
}

// watchEvery is how often a worker looks whether the rate of a batch was changed.
const watchEvery = 2 * time.Second

// watch has buckets follow rates that are changed while the work goes on.
func (w *BatchWorker) watch(ctx context.Context) {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		for address, b := range w.batches {
			w.look(ctx, address, b)
		}
	}
}

// look follows one batch. What fails is done at the next look, or at the end of the work.
func (w *BatchWorker) look(ctx context.Context, address string, b *workedOn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.id == "" || b.noted {
		return
	}
	r, err := b.queue.Record(ctx, address)
	if err != nil || r.Spec.ID() != b.id {
		return
	}
	if r.Rate != b.rate {
		_ = w.pace(ctx, b, r)
	}
	if r.Status.Over() {
		b.noted = w.s.EndedBatch(ctx, b.queue, r) == nil
	}
}

// ended notes in the state what came of the batches that are over.
func (w *BatchWorker) ended(ctx context.Context) (err error) {
	for address, b := range w.batches {
		r, failed := b.queue.Record(ctx, address)
		if failed == nil && r.Status.Over() {
			failed = w.s.EndedBatch(ctx, b.queue, r)
		}
		if !errors.Is(failed, queue.ErrNone) {
			err = errors.Join(err, failed)
		}
	}
	return err
}
