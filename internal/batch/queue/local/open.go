package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/durable"
)

// DefaultDir is where batches are kept, beside the configuration.
const DefaultDir = ".kmsplan/batch"

// Modes of what is made: names of objects are nobody else's business.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// Queue is a queue.Queue in a directory.
type Queue struct {
	path string
	dir  *durable.Dir
	seam durable.Seam

	mu      sync.Mutex
	known   map[string]string // the addresses of the batches that were looked at, by directory
	open    map[string]*kept  // by directory
	buckets map[string]*bucket
}

var _ queue.Queue = (*Queue)(nil)

// Open opens the queue in a directory, which is made when it is not there. The seam is for tests of what a crash leaves; nil
// = none.
func Open(path string, seam durable.Seam) (*Queue, error) {
	dir, err := durable.Make(path, dirMode, seam)
	if err != nil {
		return nil, fmt.Errorf("opening the queue of batches in %s: %w", path, err)
	}
	q := &Queue{path: path, dir: dir, seam: seam, known: map[string]string{}, open: map[string]*kept{}, buckets: map[string]*bucket{}}
	if err := makeFile(dir, lockName); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the queue of batches in %s: %w", path, err), dir.Close())
	}
	return q, nil
}

// Place implements queue.Queue.
func (q *Queue) Place() string { return q.path }

// Close implements queue.Queue. Nobody works on it any more.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	err := q.dir.Close()
	for _, k := range q.open {
		err = errors.Join(err, k.close())
	}
	clear(q.open)
	return err
}

// lockName is the file that who changes a directory holds.
const lockName = "lock"

// makeFile makes an empty file, unless it is there.
func makeFile(dir *durable.Dir, name string) error {
	f, err := dir.CreateNew(name, fileMode)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// lockWait is the longest that one waits for a lock; it is held for a write and its sync.
const lockWait = 30 * time.Second

// hold takes a directory's lock; Close of what it returns lets go of it. The end of ctx does not end the wait: what was done
// is still to be recorded.
func hold(ctx context.Context, dir *durable.Dir, name string) (*durable.File, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockWait)
	defer cancel()
	for {
		f, err := dir.Hold(name, os.O_RDWR)
		if !errors.Is(err, durable.ErrHeld) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s was held by another process for %s; is one standing still?", dir.Path(name), lockWait)
		case <-time.After(time.Millisecond + rand.N(4*time.Millisecond)):
		}
	}
}
