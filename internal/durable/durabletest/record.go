package durabletest

import (
	"bytes"
	"path/filepath"
	"sync"

	"kmsplan.dev/kmsplan/internal/durable"
)

// Record is what was done to the disk below a directory, step by step, with the marks that the test set
// between the steps: what had been promised by then.
type Record struct {
	root  string
	mu    sync.Mutex
	steps []step
}

type step struct {
	durable.Op
	mark any
}

// NewRecord records what happens below root, which is empty when it begins.
func NewRecord(root string) *Record { return &Record{root: root} }

// Seam records each step. The next decides about it first; nil lets it be taken.
func (r *Record) Seam(next durable.Seam) durable.Seam {
	return func(op durable.Op) error {
		if next != nil {
			if err := next(op); err != nil {
				return err // not taken: not recorded
			}
		}
		op.Data = bytes.Clone(op.Data)
		r.add(step{Op: op})
		return nil
	}
}

// Mark notes a promise that holds for every crash from here on.
func (r *Record) Mark(promise any) { r.add(step{mark: promise}) }

func (r *Record) add(s step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, s)
}

// Len is the number of steps and marks.
func (r *Record) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.steps)
}

// inside is a path below the recorded root.
func (r *Record) inside(dir, name string) string {
	rel, err := filepath.Rel(r.root, filepath.Join(dir, name))
	if err != nil {
		panic(err) // the test recorded something else than it works on
	}
	return rel
}
