package local

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/durable"
)

// A worker's lock file is workerPrefix and a random name in the queue's directory. It is held for as long as the worker lives.
const workerPrefix = "worker-"

// enlist makes and holds a worker's lock file.
func (q *Queue) enlist() (string, *durable.File, error) {
	for {
		name := workerPrefix + uuid.NewString()
		f, err := q.dir.CreateNew(name, fileMode)
		if err != nil {
			return "", nil, fmt.Errorf("making a worker's lock in %s: %w", q.path, err)
		}
		err = f.TryLock()
		if err == nil && f.Named() {
			return name, f, nil
		}
		_ = f.Close()
		if err != nil && !errors.Is(err, durable.ErrHeld) { // held: who sweeps looks at it
			return "", nil, fmt.Errorf("making a worker's lock in %s: %w", q.path, err)
		}
	}
}

// alive reports whether somebody holds a worker's lock. Who only looks holds it for a moment too: such a worker is found dead
// at the next look.
func (q *Queue) alive(name string) bool {
	if !strings.HasPrefix(name, workerPrefix) {
		return false
	}
	f, err := q.dir.Hold(name, 0)
	if err != nil {
		return errors.Is(err, durable.ErrHeld)
	}
	_ = f.Close()
	return false
}

// bury removes the lock files of workers that died. It is housekeeping: one that stays does no harm.
func (q *Queue) bury() {
	for _, name := range q.names() {
		if !strings.HasPrefix(name, workerPrefix) {
			continue
		}
		if f, err := q.dir.Hold(name, 0); err == nil {
			_ = q.dir.Remove(name)
			_ = f.Close()
		}
	}
}

// names are all names in the queue's directory.
func (q *Queue) names() []string {
	d, err := q.dir.Root().Open(".")
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	return names
}
