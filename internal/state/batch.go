package state

import (
	"slices"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// batch is a group of appends that one write makes durable.
type batch struct {
	entries []Entry
	appends int
	full    chan struct{} // closed when everybody who works waits for this batch
	isFull  func()        // closes full, once
	done    chan struct{}
	err     error
}

// Enter says that the caller works on something of which it will append more, until it calls leave. Where a write takes
// long, it waits a little for those who work, so that they share it.
func (j *Journal) Enter() (leave func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.workers++
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.workers--
		j.fill()
	}
}

// join adds the entries to the batch that is written next. Whoever opens a batch
// leads it: it waits for the batch before, while others join.
func (j *Journal) join(entries []Entry) (b *batch, leader bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next == nil {
		full := make(chan struct{})
		j.next, leader = &batch{full: full, isFull: sync.OnceFunc(func() { close(full) }), done: make(chan struct{})}, true
	}
	b = j.next
	b.entries = append(b.entries, entries...)
	b.appends++
	j.fill()
	return b, leader
}

// fill ends the wait for a batch that nobody else can join.
func (j *Journal) fill() {
	if j.next != nil && j.next.appends >= j.workers {
		j.next.isFull()
	}
}

// alone waits for whoever writes, and keeps others from writing until the caller is done.
func (j *Journal) alone() (done func()) {
	j.writing <- struct{}{}
	return func() { <-j.writing }
}

func (j *Journal) flush(b *batch) {
	defer j.alone()()
	j.gather(b)
	j.mu.Lock()
	j.next = nil // closed: nobody joins any more
	b.err = j.broken
	j.mu.Unlock()
	if b.err == nil || safety.Off(safety.JournalBroken) {
		began := time.Now()
		b.err = j.write(slices.Concat(j.left(), b.entries))
		j.took = time.Since(began)
	}
	close(b.done)
}

// The wait for others to join a batch: a share of what the write will take, at most so long, and none where it would be
// lost among the disk's own.
const (
	gatherShare = 4
	leastGather = 500 * time.Microsecond
	mostGather  = 25 * time.Millisecond
)

// gather lets others join. Those whose appends were in the last batch come at about the same time, a call of KMS later:
// without it the first of them would take a write for itself, again and again, while the others wait for the next.
func (j *Journal) gather(b *batch) {
	wait := min(j.took/gatherShare, mostGather)
	if wait < leastGather {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-b.full:
	case <-timer.C:
	}
}

// left takes what was noted and not written; nothing of a broken journal.
func (j *Journal) left() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	noted := j.noted
	j.noted = nil
	if j.broken != nil {
		return nil
	}
	return noted
}
