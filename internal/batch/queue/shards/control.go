package shards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// control is the head of the place of all batches. What was read is never changed.
type control struct {
	Format  int              `json:"format"`
	Write   string           `json:"write"` // of who wrote it last: an answer that was lost is found so
	Batches map[string]entry `json:"batches"`
}

// entry is the last batch of an address.
type entry struct {
	Run    string       `json:"run"` // begins the names of its objects
	Spec   batch.Spec   `json:"spec"`
	Status batch.Status `json:"status"`
	Reason string       `json:"reason,omitempty"`
	Rate   batch.Rate   `json:"rate"`
	Shards int          `json:"shards,omitempty"` // 0 = no worker has begun
	// Forgiven is how many objects had failed when it was resumed last.
	Forgiven int64     `json:"forgiven,omitempty"`
	Created  time.Time `json:"created_at"`
	Started  time.Time `json:"started_at,omitzero"`
	Ended    time.Time `json:"ended_at,omitzero"`
}

// format is of all that this package writes; another is refused.
const format = 1

// lookDefault is how long a worker believes what it read of the batches.
const lookDefault = 3 * time.Second

// mostConflicts bounds how often a change is made anew because another came first.
const mostConflicts = 100

// look reads the batches.
func (q *Queue) look(ctx context.Context) (control, remote.Revision, error) {
	data, rev, err := q.room("").Head(ctx)
	if err != nil {
		return control{}, "", fmt.Errorf("reading the batches in %s: %w", q.name, err)
	}
	c := control{Format: format}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &c); err != nil {
			return control{}, "", fmt.Errorf("the batches in %s are damaged: %w", q.name, err)
		}
	}
	if c.Format != format {
		return control{}, "", fmt.Errorf("the batches in %s are of format %d; this kmsplan reads %d", q.name, c.Format, format)
	}
	q.remember(c)
	return c, rev, nil
}

func (q *Queue) remember(c control) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now, q.read = c, time.Now()
}

// recent are the batches as they were a few seconds ago at the earliest.
func (q *Queue) recent(ctx context.Context) (control, error) {
	q.mu.Lock()
	c, fresh := q.now, !q.read.IsZero() && time.Since(q.read) < q.o.Look
	q.mu.Unlock()
	if fresh {
		return c, nil
	}
	c, _, err := q.look(ctx)
	return c, err
}

// entry is the last batch of an address.
func (q *Queue) entry(ctx context.Context, address string) (entry, error) {
	c, _, err := q.look(ctx)
	if err != nil {
		return entry{}, err
	}
	return c.of(q.name, address)
}

func (c control) of(place, address string) (entry, error) {
	e, ok := c.Batches[address]
	if !ok {
		return entry{}, fmt.Errorf("%s in %s: %w", address, place, queue.ErrNone)
	}
	return e, nil
}

// edit changes the entry of an address, whatever others change meanwhile. There is says whether there is one.
func (q *Queue) edit(ctx context.Context, address string, change func(e entry, there bool) (entry, error)) error {
	for range mostConflicts {
		c, rev, err := q.look(ctx)
		if err != nil {
			return err
		}
		old, there := c.Batches[address]
		e, err := change(old, there)
		if err != nil {
			return err
		}
		next := control{Format: format, Write: uuid.NewString(), Batches: maps.Clone(c.Batches)}
		if next.Batches == nil {
			next.Batches = map[string]entry{}
		}
		next.Batches[address] = e
		data, err := json.MarshalIndent(next, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the batches: %w", err)
		}
		_, err = q.room("").Swap(ctx, rev, data)
		if errors.Is(err, remote.ErrConflict) {
			if now, _, bad := q.look(ctx); bad == nil && now.Write == next.Write {
				return nil // it was stored, and its answer lost
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("changing %s in %s: %w", address, q.name, err)
		}
		q.remember(next)
		return nil
	}
	return fmt.Errorf("changing %s in %s: others came first, %d times; try again", address, q.name, mostConflicts)
}

// Change implements queue.Queue.
func (q *Queue) Change(ctx context.Context, address string, c queue.Change) (batch.Record, error) {
	r, err := q.Record(ctx, address)
	if err != nil {
		return r, err
	}
	if r.Status.Over() {
		return r, fmt.Errorf("%s is %s: %w", address, r.Status, queue.ErrOver)
	}
	err = q.edit(ctx, address, func(e entry, there bool) (entry, error) {
		if !there {
			return e, fmt.Errorf("%s in %s: %w", address, q.name, queue.ErrNone)
		}
		if e.Status.Over() {
			return e, fmt.Errorf("%s is %s: %w", address, e.Status, queue.ErrOver)
		}
		return e.changed(c, r.Tally.Failed, time.Now().UTC()), nil
	})
	if err != nil {
		return r, err
	}
	return q.Record(ctx, address)
}

// changed is the entry after a change, of a batch of which so many objects failed.
func (e entry) changed(c queue.Change, failed int64, at time.Time) entry {
	if c.Rate != nil {
		e.Rate = *c.Rate
	}
	if c.Status == "" {
		return e
	}
	if c.Status == batch.Running && e.Status == batch.Paused {
		e.Forgiven = failed
	}
	e.Status, e.Reason = c.Status, c.Reason
	if c.Status == batch.Running && e.Started.IsZero() {
		e.Started = at
	}
	if c.Status.Over() {
		e.Ended = at
	}
	return e
}
