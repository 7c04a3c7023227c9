package work

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// Worker works on the objects of one batch. It is safe for concurrent use.
type Worker struct {
	Spec   batch.Spec
	Source source.Source
	Keys   *keys.Keys
	// Identities open data keys without KMS, before it is asked: break-glass.
	Identities []envelope.Identity
	// Later are the versions of the target's key that came after it, as far as was known when the worker started.
	Later    []string
	Parallel int    // objects of one chunk at once; 0 = 16
	Name     string // host and process
	Now      func() time.Time
	// Told is told of each object, from many goroutines; nil = nobody is.
	Told func(batch.Result)

	corrupt func([]byte) []byte // what is sealed, on its way: of tests
}

const (
	defaultParallel = 16
	// tries bounds how often one object is tried: when another writes it meanwhile, and when the store fails.
	tries      = 4
	firstPause = 200 * time.Millisecond
)

// Object works on one object. It fails only where the whole batch would: KMS cannot be reached, or refuses the target's
// key. What is wrong with the object alone is in the result.
func (w *Worker) Object(ctx context.Context, chunk int, e batch.Entry) (batch.Result, error) {
	for try := 1; ; try++ {
		r, err := w.once(ctx, e)
		switch {
		case err == nil:
			r.Object = e.Name
			return r, nil
		case errors.Is(err, source.ErrGone):
			return batch.Result{Object: e.Name, Outcome: batch.Gone, Read: r.Read}, nil
		case ctx.Err() != nil:
			return r, ctx.Err()
		case everybodys(err):
			return r, err
		case try < tries && passes(err):
			if err := pause(ctx, try); err != nil {
				return r, err
			}
			continue
		}
		f := w.failure(chunk, e, err, try)
		return batch.Result{Object: e.Name, Outcome: batch.Failed, Read: r.Read, KeyID: r.KeyID, KeyVersion: r.KeyVersion, Failure: &f}, nil
	}
}

func pause(ctx context.Context, try int) error {
	t := time.NewTimer(rand.N(firstPause<<(try-1)) + 1)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once tries one object.
func (w *Worker) once(ctx context.Context, e batch.Entry) (batch.Result, error) {
	h, err := w.Source.Open(ctx, e.Name)
	if err != nil {
		return batch.Result{}, of(batch.ClassStore, "open", err)
	}
	o := &object{w: w, entry: e, handle: h}
	r, err := o.work(ctx)
	if err != nil {
		r = o.said // it is as it was, as far as is known
	}
	r.Read = o.read
	if closing := h.Close(); err == nil {
		err = of(batch.ClassStore, "close", closing)
	}
	return r, err
}

// opening opens what is to be written anew: by whatever opens it.
func (w *Worker) opening() envelope.OpenOptions {
	return envelope.OpenOptions{Identities: append(w.Identities[:len(w.Identities):len(w.Identities)], w.Keys.Identity())}
}

func (w *Worker) now() time.Time {
	if w.Now == nil {
		return time.Now()
	}
	return w.Now()
}
