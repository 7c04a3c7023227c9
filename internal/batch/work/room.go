package work

import (
	"context"

	"golang.org/x/sync/semaphore"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
)

// The objects that this process works on at once have mostRoom bytes in memory, of all its chunks and batches together: small
// ones as many as there are goroutines, large ones few, as their source says. None counts for more than half, so that two are
// always on their way, whatever they have.
const (
	mostRoom    = 8 << 20
	unknownRoom = 512 << 10 // of an object whose size no listing tells
)

var room = semaphore.NewWeighted(mostRoom)

// roomOf is how much of it an object takes.
func roomOf(s source.Source, size int64) int64 {
	if size < 0 {
		size = unknownRoom
	}
	if h, ok := s.(source.Holder); ok {
		return min(h.Holds(size), mostRoom/2)
	}
	return min(size, inMemory)
}

// roomed works on one object when there is room for it.
func (w *Worker) roomed(ctx context.Context, chunk int, e batch.Entry) (batch.Result, error) {
	n := roomOf(w.Source, e.Size)
	if err := room.Acquire(ctx, n); err != nil {
		return batch.Result{}, err
	}
	defer room.Release(n)
	return w.Object(ctx, chunk, e)
}
