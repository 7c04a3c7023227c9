package local

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/parts"
)

// Record implements queue.Queue.
func (q *Queue) Record(ctx context.Context, address string) (r batch.Record, err error) {
	if err := ctx.Err(); err != nil {
		return r, err
	}
	k, err := q.find(address)
	if err != nil {
		return r, err
	}
	err = k.view(func(f *fold) error { r = f.record(q.alive); return nil })
	return r, err
}

// Records implements queue.Queue.
func (q *Queue) Records(ctx context.Context) (out []batch.Record, err error) {
	all, err := q.last()
	if err != nil {
		return nil, err
	}
	for _, address := range slices.Sorted(maps.Keys(all)) {
		r, err := q.Record(ctx, address)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Change implements queue.Queue.
func (q *Queue) Change(ctx context.Context, address string, c queue.Change) (r batch.Record, err error) {
	if err := ctx.Err(); err != nil {
		return r, err
	}
	k, err := q.find(address)
	if err != nil {
		return r, err
	}
	err = k.update(ctx, func(f *fold) (*line, error) {
		if f.Status.Over() {
			return nil, fmt.Errorf("%s is %s: %w", address, f.Status, queue.ErrOver)
		}
		return &line{At: time.Now().UTC(), Changed: &changed{c.Status, c.Reason, c.Rate}}, nil
	})
	if now := k.view(func(f *fold) error { r = f.record(q.alive); return nil }); err == nil {
		err = now
	}
	return r, err
}

// Failures implements queue.Queue.
func (q *Queue) Failures(ctx context.Context, address string, each func(batch.Failure) error) error {
	return q.every(ctx, address, func(s batch.Step) error {
		for _, f := range s.Failures {
			if err := each(f); err != nil {
				return err
			}
		}
		return nil
	})
}

// Steps implements queue.Queue.
func (q *Queue) Steps(ctx context.Context, address string, each func(batch.Step) error) error {
	return q.every(ctx, address, func(s batch.Step) error {
		s.Failures = nil
		return each(s)
	})
}

// every reads the last step of each chunk from the ledger, each as it is when its turn comes.
func (q *Queue) every(ctx context.Context, address string, each func(batch.Step) error) error {
	k, err := q.find(address)
	if err != nil {
		return err
	}
	for i, n := 0, 1; i < n; i++ {
		var s *batch.Step
		err := k.view(func(f *fold) (err error) {
			n = len(f.chunks)
			if i < n && f.chunks[i].at > 0 {
				s, err = k.stepAt(f.chunks[i].at)
			}
			return err
		})
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && s != nil {
			err = each(*s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *kept) stepAt(at int64) (*batch.Step, error) {
	l, err := k.lineAt(at)
	if err == nil && l.Step == nil {
		err = fmt.Errorf("%s has no step at byte %d, where there was one", k.dir.Path(ledgerName), at)
	}
	return l.Step, err
}

// Entries implements queue.Queue.
func (q *Queue) Entries(ctx context.Context, address string, chunk int) ([]batch.Entry, error) {
	k, err := q.find(address)
	if err != nil {
		return nil, err
	}
	p, err := k.part(chunk)
	if err == nil {
		err = ctx.Err()
	}
	return p.Entries, err
}

// part reads one chunk of the manifest.
func (k *kept) part(chunk int) (queue.Part, error) {
	at, err := k.offset(chunk)
	if err != nil {
		return queue.Part{}, err
	}
	p, err := parts.Read(k.book, at)
	if err == nil && p.Index != chunk {
		err = fmt.Errorf("there stands chunk %d", p.Index)
	}
	if err != nil {
		return queue.Part{}, fmt.Errorf("reading chunk %d of %s: %w", chunk, k.dir.Path(manifestName), err)
	}
	return p, nil
}

// offset is where a chunk begins in the manifest, which is opened when one is needed first.
func (k *kept) offset(chunk int) (int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(); err != nil {
		return 0, err
	}
	if !k.fold.has(chunk) {
		return 0, fmt.Errorf("chunk %d of %s: %w", chunk, k.fold.spec.Address, queue.ErrNone)
	}
	if k.book == nil {
		f, err := k.dir.OpenFile(manifestName, os.O_RDONLY)
		if err != nil {
			return 0, fmt.Errorf("opening the manifest of %s: %w", k.fold.spec.Address, err)
		}
		info, err := f.OS().Stat()
		if err == nil {
			k.offsets, err = parts.Offsets(f, info.Size(), len(k.fold.chunks))
		}
		if err != nil {
			_ = f.Close()
			return 0, fmt.Errorf("%s is damaged: %w", k.dir.Path(manifestName), err)
		}
		k.book = f
	}
	return k.offsets[chunk], nil
}
