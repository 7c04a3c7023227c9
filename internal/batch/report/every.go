package report

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/batch"
)

// What became of an object, in the words of S3 Batch Operations.
const (
	succeeded = "succeeded"
	failed    = "failed"
	pending   = "pending"
)

// told is what is known of one object.
type told struct {
	entry   batch.Entry
	chunk   int
	status  string
	outcome batch.Outcome  // of one that succeeded; "" = nobody wrote it down
	failure *batch.Failure // of one that failed
}

// reach is how far a chunk is.
type reach struct {
	cursor   int
	outcomes batch.Outcomes
}

// every tells of each object of the manifest, in its order. It keeps a few bytes a chunk.
func every(ctx context.Context, q Kept, r batch.Record, each func(told) error) error {
	chunks := make([]reach, r.Spec.Chunks)
	err := q.Steps(ctx, r.Spec.Address, func(s batch.Step) error {
		if s.Chunk < 0 || s.Chunk >= len(chunks) {
			return fmt.Errorf("a step of chunk %d, of %d chunks", s.Chunk, len(chunks))
		}
		chunks[s.Chunk] = reach{s.Cursor, s.Tally.Outcomes}
		return nil
	})
	if err != nil {
		return err
	}
	next := 0
	through := func(until int, fails map[string]batch.Failure, of int) error {
		for ; next < until; next++ {
			var list map[string]batch.Failure
			if next == of {
				list = fails
			}
			if err := chunk(ctx, q, r, next, chunks[next], list, each); err != nil {
				return err
			}
		}
		return nil
	}
	fails, of := map[string]batch.Failure{}, -1
	err = q.Failures(ctx, r.Spec.Address, func(f batch.Failure) error {
		if f.Chunk != of {
			if err := through(f.Chunk, fails, of); err != nil {
				return err
			}
			fails, of = map[string]batch.Failure{}, f.Chunk
		}
		fails[f.Object] = f
		return nil
	})
	return errors.Join(err, through(r.Spec.Chunks, fails, of))
}

func chunk(ctx context.Context, q Kept, r batch.Record, i int, at reach, fails map[string]batch.Failure, each func(told) error) error {
	entries, err := q.Entries(ctx, r.Spec.Address, i)
	if err != nil {
		return fmt.Errorf("read the objects of chunk %d: %w", i, err)
	}
	outcomes := make([]batch.Outcome, 0, len(entries))
	for o := range at.outcomes.All() {
		if len(outcomes) == len(entries) {
			break
		}
		outcomes = append(outcomes, o)
	}
	for n, e := range entries {
		o := told{entry: e, chunk: i, status: pending}
		if f, ok := fails[e.Name]; ok && n < at.cursor {
			o.status, o.failure = failed, &f
		} else if n < at.cursor {
			o.status = succeeded
			if len(outcomes) >= at.cursor {
				o.outcome = outcomes[n]
			}
		}
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}
