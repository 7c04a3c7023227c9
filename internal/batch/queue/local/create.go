package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/parts"
	"kmsplan.dev/kmsplan/internal/durable"
)

// Create implements queue.Queue. The manifest is written without anybody waiting; whether the address is free is looked at
// before, and again when the batch appears.
func (q *Queue) Create(ctx context.Context, spec batch.Spec, chunks iter.Seq2[queue.Part, error]) error {
	dir, name, mine, err := q.room(ctx, spec)
	if err != nil {
		return err
	}
	defer dir.Close()
	defer mine.Close()
	if err = writeManifest(ctx, dir, spec, chunks); err != nil {
		err = fmt.Errorf("in %s: %w", q.path, err)
	} else {
		err = q.appear(ctx, dir, spec)
	}
	if err != nil {
		return errors.Join(err, q.discard(dir, name))
	}
	q.thin(spec.Address, name)
	return nil
}

// room makes a batch's directory, and holds its lock: as long as there is no ledger, that says that it is being created.
func (q *Queue) room(ctx context.Context, spec batch.Spec) (dir *durable.Dir, name string, mine *durable.File, err error) {
	held, err := hold(ctx, q.dir, lockName)
	if err != nil {
		return nil, "", nil, fmt.Errorf("in %s: %w", q.path, err)
	}
	defer held.Close()
	if err := q.free(spec.Address); err != nil {
		return nil, "", nil, err
	}
	q.sweep()
	n := 1
	if all := q.numbered(); len(all) > 0 {
		n = number(all[len(all)-1]) + 1
	}
	name = dirName(spec, n)
	if dir, err = durable.In(q.dir.Root(), name, dirMode, q.seam); err != nil {
		return nil, "", nil, fmt.Errorf("in %s: %w", q.path, err)
	}
	if err = makeFile(dir, lockName); err == nil {
		mine, err = dir.Hold(lockName, 0)
	}
	if err != nil {
		return nil, "", nil, errors.Join(fmt.Errorf("in %s: %w", q.path, err), dir.Close())
	}
	return dir, name, mine, nil
}

// free reports a batch of the address that is not over.
func (q *Queue) free(address string) error {
	k, err := q.find(address)
	if errors.Is(err, queue.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	return k.view(func(f *fold) error {
		if f.Status.Over() {
			return nil
		}
		return fmt.Errorf("%s in %s is %s: %w", address, q.path, f.Status, queue.ErrUnfinished)
	})
}

// appear puts the ledger in place, with which the batch is there.
func (q *Queue) appear(ctx context.Context, dir *durable.Dir, spec batch.Spec) error {
	raw, err := line{At: time.Now().UTC(), Created: &created{Format: format, Spec: spec}}.encode()
	if err != nil {
		return err
	}
	held, err := hold(ctx, q.dir, lockName)
	if err != nil {
		return fmt.Errorf("in %s: %w", q.path, err)
	}
	defer held.Close()
	if err := q.free(spec.Address); err != nil {
		return err
	}
	if err := dir.WriteFile(ledgerName, raw, fileMode); err != nil {
		return fmt.Errorf("in %s: %w", q.path, err)
	}
	return nil
}

func writeManifest(ctx context.Context, dir *durable.Dir, spec batch.Spec, chunks iter.Seq2[queue.Part, error]) error {
	p, err := dir.Create(manifestName, fileMode)
	if err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", spec.Address, err)
	}
	defer p.Abort()
	n, w := 0, bufio.NewWriterSize(p, 1<<20)
	var buf []byte
	for part, err := range chunks {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && part.Index != n {
			err = fmt.Errorf("chunk %d comes where chunk %d should", part.Index, n)
		}
		if err == nil {
			buf, err = parts.Append(buf[:0], part)
		}
		if err == nil {
			_, err = w.Write(buf)
		}
		if err != nil {
			return fmt.Errorf("writing the manifest of %s: %w", spec.Address, err)
		}
		n++
	}
	if n != spec.Chunks {
		return fmt.Errorf("writing the manifest of %s: it has %d chunks, and its plan says %d", spec.Address, n, spec.Chunks)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", spec.Address, err)
	}
	return p.Commit()
}

// discard removes the directory of a batch that did not come to be.
func (q *Queue) discard(dir *durable.Dir, name string) error {
	if _, err := dir.Root().Lstat(ledgerName); !errors.Is(err, fs.ErrNotExist) {
		return nil // the answer was an error, and yet the batch is there
	}
	return errors.Join(dir.Remove(manifestName), dir.Remove(lockName), q.dir.Remove(name))
}

// sweep removes what creations left that died. The caller holds the queue's lock, so that none begins.
func (q *Queue) sweep() {
	for _, name := range q.numbered() {
		if _, err := q.dir.Root().Lstat(name + "/" + ledgerName); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		dir, err := durable.In(q.dir.Root(), name, dirMode, q.seam)
		if err != nil {
			continue
		}
		f, err := dir.Hold(lockName, 0)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			_ = q.discard(dir, name)
		}
		if err == nil {
			_ = f.Close()
		}
		_ = dir.Close()
	}
}

// thin removes the manifests of an address's earlier batches; what they recorded stays.
func (q *Queue) thin(address, name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, earlier := range slices.DeleteFunc(q.numbered(), func(n string) bool { return number(n) >= number(name) }) {
		if of, err := q.addressOf(earlier); err != nil || of != address {
			continue
		}
		if dir, err := durable.In(q.dir.Root(), earlier, dirMode, q.seam); err == nil {
			_ = dir.Remove(manifestName)
			_ = dir.Close()
		}
	}
}
