package work

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Where a batch's queue is kept in the database that its rows are in, a step and what it wrote are one transaction. KMS is
// asked before it: its rows are locked for as long as it takes to write what is ready, not for as long as the quota takes.
const (
	togetherBytes = 16 << 20 // of a step's rows, which are in memory until they are written
	togetherFor   = 5 * time.Minute
)

// together is the delivery's transactions where the source's writes are part of them, else nil.
func (w *Worker) together(ctx context.Context, d queue.Delivery) queue.Together {
	t, keeps := d.(queue.Together)
	s, joins := w.Source.(source.Transactional)
	if !keeps || !joins || w.Spec.Action == batch.Verify || safety.Off(safety.RowsWithStep) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, togetherFor)
	defer cancel()
	same := false
	// Where it cannot be found out, each write stands alone, as it does in two databases.
	if err := t.Together(ctx, func(ctx context.Context) (err error) { same, err = s.Joins(ctx); return err }); err != nil || !same {
		return nil
	}
	return t
}

// errAgain undoes a transaction in which a row was not written.
var errAgain = errors.New("a row is prepared anew")

// inOne is a step that is there with everything that it wrote, or not at all.
func (w *Worker) inOne(t queue.Together, d queue.Delivery, drains <-chan struct{}) step {
	return func(ctx context.Context, s *batch.Step, entries []batch.Entry) (status batch.Status, err error) {
		n, all := stepOf(entries, togetherBytes), len(entries)
		ready := &prepared{Source: w.Source, writes: map[string]*write{}}
		defer ready.close()
		prepares := *w
		prepares.Source = ready
		results, calls, err := prepares.objects(ctx, drains, s.Chunk, entries[:n])
		if err == nil && len(results) == 0 {
			return batch.Running, nil
		}
		entries = entries[:len(results)]
		last := len(entries) == all
		for try := 1; err == nil; try++ {
			next, failed := s.Clone(), map[int]error{}
			err = t.Together(ctx, func(ctx context.Context) (err error) {
				ctx, cancel := context.WithTimeout(ctx, togetherFor)
				defer cancel()
				if failed = ready.write(ctx, results); len(failed) > 0 {
					return errAgain
				}
				w.count(&next, results, calls)
				next.Done = last
				status, err = d.Record(ctx, next.Clone())
				return err
			})
			if err == nil {
				*s = next
				return status, nil
			}
			if errors.Is(err, errAgain) {
				var more int64
				more, err = prepares.again(ctx, s.Chunk, entries, results, failed, try)
				calls += more
			}
		}
		return "", err
	}
}

// again prepares the rows that were not written anew, or gives them up.
func (w *Worker) again(ctx context.Context, chunk int, entries []batch.Entry, results []batch.Result, failed map[int]error, try int) (calls int64, err error) {
	if err := pause(ctx, try); err != nil {
		return 0, err
	}
	for i, why := range failed {
		if try >= tries || !passes(why) {
			f := w.failure(chunk, entries[i], why, try)
			results[i] = batch.Result{Object: entries[i].Name, Outcome: batch.Failed, Read: results[i].Read, Failure: &f}
			continue
		}
		one, made, err := w.objects(ctx, nil, chunk, entries[i:i+1])
		if calls += made; err != nil {
			return calls, err
		}
		results[i] = one[0]
	}
	return calls, nil
}

// prepared is a source whose writes wait for the transaction that they are part of.
type prepared struct {
	source.Source
	mu     sync.Mutex
	writes map[string]*write
}

// write is what a row becomes.
type write struct {
	source.Handle
	content source.Content
	head    []byte
}

// Open implements source.Source.
func (p *prepared) Open(ctx context.Context, name string) (source.Handle, error) {
	h, err := p.Source.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return &preparing{Handle: h, of: p}, nil
}

// write writes what is ready, and tells of what was not written, which is ready no more.
func (p *prepared) write(ctx context.Context, results []batch.Result) map[int]error {
	failed := map[int]error{}
	for i := range results {
		w := p.writes[results[i].Object]
		if w == nil {
			continue
		}
		c := w.content
		c.Head = bytes.NewReader(w.head)
		done, err := w.Replace(ctx, c)
		if err != nil {
			failed[i] = of(batch.ClassStore, "write", err)
			continue
		}
		results[i].Revision, results[i].Sent, results[i].Copied = done.Revision, done.Sent, done.Copied
	}
	for i := range failed {
		p.drop(results[i].Object)
	}
	return failed
}

func (p *prepared) drop(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.writes[name]; w != nil {
		_ = w.Close() // of a value in memory
		delete(p.writes, name)
	}
}

func (p *prepared) close() {
	for name := range p.writes {
		p.drop(name)
	}
}

// preparing is a handle whose write waits.
type preparing struct {
	source.Handle
	of    *prepared
	waits bool
}

// Replace implements source.Handle: it keeps the new content.
func (h *preparing) Replace(_ context.Context, c source.Content) (source.Written, error) {
	head, err := io.ReadAll(c.Head)
	if err != nil {
		return source.Written{}, err
	}
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	h.waits = true
	h.of.writes[h.Object().Name] = &write{Handle: h.Handle, head: head, content: source.Content{Size: int64(len(head)), Keep: c.Keep}}
	return source.Written{Revision: h.Object().Revision}, nil
}

// Close implements source.Handle. A handle whose write waits is closed after it.
func (h *preparing) Close() error {
	if h.waits {
		return nil
	}
	return h.Handle.Close()
}
