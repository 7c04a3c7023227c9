package store

import (
	"hash/maphash"
	"sync"
)

// Tx is one view of the model: immutable in a View, private until commit in an
// Update. It must not outlive the function it was given to.
type Tx struct {
	root     *tree
	seed     maphash.Seed
	writable bool
	changes  map[string]*entry // by full key; nil = deleted
	err      error
}

func (tx *Tx) fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

func (tx *Tx) write(key string, e *entry) {
	if !tx.writable {
		panic("store: write inside a View")
	}
	tx.changes[key] = e
	if e == nil {
		tx.root = tx.root.without(key)
	} else {
		tx.root = tx.root.set(tx.seed, key, e)
	}
}

// View runs fn on the last committed state. Any number run at once; none waits
// for a writer.
func (db *DB) View(fn func(*Tx) error) error {
	return fn(&Tx{root: db.present(), seed: db.seed})
}

// Update runs fn on the newest state and commits what it changed. It returns
// after the change is durable. If fn fails, or the disk does, nothing changed.
// Updates run one after another, fn exactly once; those that wait together
// share one commit. fn must not call Update.
func (db *DB) Update(fn func(*Tx) error) error {
	if db.refuse != nil {
		return db.rehearse(fn)
	}
	r := &request{fn: fn, done: make(chan struct{}), lead: make(chan struct{})}
	if db.queue.join(r) {
		db.leadBatch()
	}
	select {
	case <-r.done:
	case <-r.lead:
		db.leadBatch()
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.err
}

// request is one Update that waits.
type request struct {
	fn       func(*Tx) error
	err      error
	panicked any
	done     chan struct{} // closed after the request's batch
	lead     chan struct{} // closed when the request is to lead the next batch
}

// queue collects the Updates that wait while a batch is being committed. The
// first to arrive leads its batch; the leader hands on to the next one.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	leading bool
}

// join adds r and tells whether r leads.
func (q *queue) join(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, r)
	if q.leading {
		return false
	}
	q.leading = true
	return true
}

func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.waiting
	q.waiting = nil
	return batch
}

func (q *queue) handOn() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.leading = false
		return
	}
	close(q.waiting[0].lead)
}

// leadBatch commits everything that waits.
func (db *DB) leadBatch() {
	defer db.queue.handOn()
	batch := db.queue.take()
	db.commit(batch)
	for _, r := range batch {
		close(r.done)
	}
}

func (db *DB) commit(batch []*request) {
	db.writing.Lock()
	defer db.writing.Unlock()
	root, changes := db.root.Load(), map[string]*entry{}
	for _, r := range batch {
		tx := &Tx{root: root, seed: db.seed, writable: true, changes: map[string]*entry{}}
		if db.closed {
			r.err = ErrClosed
		} else {
			r.run(tx)
		}
		if r.err != nil || r.panicked != nil {
			continue
		}
		root = tx.root
		for k, e := range tx.changes {
			changes[k] = e
		}
	}
	if len(changes) == 0 {
		return
	}
	if err := db.persist(changes); err != nil {
		for _, r := range batch {
			if r.err == nil {
				r.err = err
			}
		}
		return
	}
	for _, e := range changes {
		if e != nil {
			e.plain = nil // nobody else has seen it yet
		}
	}
	db.show(root)
}

// run calls the function, keeping a panic for the caller's own goroutine: the
// leader must not die of another's mistake.
func (r *request) run(tx *Tx) {
	defer func() { r.panicked = recover() }()
	if r.err = r.fn(tx); r.err == nil {
		r.err = tx.err
	}
}
