package cobblestone

import (
	"sync"
	"sync/atomic"
)

const (
	// batchChunks is how many chunks one step moves on one core: few enough to
	// stay in its cache, many enough to make system calls cheap.
	batchChunks = 8
	// ringChunks is the same for several cores, where a turn costs a wake-up:
	// at 8 chunks two cores were slower than one, at 32 they reach 1.9 times.
	ringChunks = 32
)

// batch is one turn's buffers, reused until the pipeline ends.
type batch struct {
	coder
	in, out []byte
	n       int    // bytes of in that were read
	first   uint64 // number of the first chunk
	err     error  // why the stream ends with this batch; nil at a plain end
}

// stages is what a pipeline does with each batch. read and write are called in
// stream order, one at a time each; work runs beside them.
type stages struct {
	start func(chunks int) *batch // makes buffers for that many chunks
	read  func(*batch) (more bool)
	work  func(*batch)
	write func(*batch) (ok bool)
}

// run moves batches through the stages until read has no more or write fails.
// Up to one worker everything happens on the caller's goroutine.
func (s stages) run(workers int) {
	if workers <= 1 {
		s.alone()
		return
	}
	r := newRing(workers)
	var all sync.WaitGroup
	for i := range r.reading {
		all.Go(func() { s.take(r, i) })
	}
	all.Wait()
}

func (s stages) alone() {
	b := s.start(batchChunks)
	for more := true; more; {
		more = s.read(b)
		s.work(b)
		more = s.write(b) && more
	}
}

// ring hands two tokens round its members: the right to read the next batch
// and the right to write. A token says whether the stream goes on. Each channel
// holds at most its one token, so a send never blocks.
type ring struct {
	reading, writing []chan bool
	failed           atomic.Bool
}

func newRing(n int) *ring {
	r := &ring{reading: make([]chan bool, n), writing: make([]chan bool, n)}
	for i := range n {
		r.reading[i] = make(chan bool, 1)
		r.writing[i] = make(chan bool, 1)
	}
	r.reading[0] <- true
	r.writing[0] <- true
	return r
}

// take is member i's part. It leaves after the last batch, or passes on the
// news that there is none; a failed write is such news for the next reader.
func (s stages) take(r *ring, i int) {
	next := (i + 1) % len(r.reading)
	var b *batch
	for {
		if goOn := <-r.reading[i]; !goOn || r.failed.Load() {
			r.reading[next] <- false
			return
		}
		if b == nil {
			b = s.start(ringChunks)
		}
		more := s.read(b)
		r.reading[next] <- more
		s.work(b)
		ok := <-r.writing[i] && s.write(b)
		if !ok {
			r.failed.Store(true)
		}
		r.writing[next] <- ok
		if !more {
			return
		}
	}
}
