package river

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// atOnce is how many chunks are sent to the database together: what Create holds in memory.
const atOnce = 200

// Create implements queue.Queue. Rows and jobs are there together, or not at all; what an earlier batch of the address kept
// of its chunks goes with it, its counts stay.
func (q *Queue) Create(ctx context.Context, spec batch.Spec, chunks iter.Seq2[queue.Part, error]) error {
	if err := q.ready(ctx); err != nil {
		return err
	}
	doing := "create " + spec.Address
	return q.inTx(ctx, doing, func(tx pgx.Tx) error {
		id, err := q.begin(ctx, tx, spec)
		if err != nil {
			return err
		}
		n, p := 0, newPacker()
		for some, err := range together(chunks, atOnce) {
			if err != nil {
				return err
			}
			if err := q.insert(ctx, tx, p, id, spec.Address, some); err != nil {
				return q.failure(doing, err)
			}
			n += len(some)
		}
		if _, err := tx.Exec(ctx, q.sql("UPDATE @.batches SET chunks = $2 WHERE id = $1"), id, n); err != nil {
			return q.failure(doing, err)
		}
		return nil
	})
}

// begin makes the batch's row, in the place of the last of its address.
func (q *Queue) begin(ctx context.Context, tx pgx.Tx, spec batch.Spec) (id int64, err error) {
	doing := "create " + spec.Address
	var last int64
	var status batch.Status
	err = tx.QueryRow(ctx, q.sql("SELECT id, status FROM @.batches WHERE address = $1 AND last FOR NO KEY UPDATE"), spec.Address).Scan(&last, &status)
	switch {
	case err == nil && !status.Over():
		return 0, fmt.Errorf("%s: %s: %w; it is %s", q.place, doing, queue.ErrUnfinished, status)
	case err == nil:
		for _, statement := range []string{
			"UPDATE @.batches SET last = false WHERE id = $1",
			"DELETE FROM @.failures WHERE batch = $1",
			"DELETE FROM @.chunks WHERE batch = $1",
		} {
			if _, err := tx.Exec(ctx, q.sql(statement), last); err != nil {
				return 0, q.failure(doing, err)
			}
		}
	case err != pgx.ErrNoRows:
		return 0, q.failure(doing, err)
	}
	text, errSpec := json.Marshal(spec)
	rate, errRate := json.Marshal(spec.Rate)
	if errSpec != nil || errRate != nil {
		return 0, fmt.Errorf("%s: %v %v", doing, errSpec, errRate)
	}
	err = tx.QueryRow(ctx, q.sql("INSERT INTO @.batches (address, spec, status, rate) VALUES ($1, $2::text::jsonb, $3, $4::text::jsonb) ON CONFLICT DO NOTHING RETURNING id"),
		spec.Address, string(text), string(batch.Paused), string(rate)).Scan(&id)
	if err == pgx.ErrNoRows { // another was created in between
		return 0, fmt.Errorf("%s: %s: %w", q.place, doing, queue.ErrUnfinished)
	}
	if err != nil {
		return 0, q.failure(doing, err)
	}
	return id, nil
}

// insert copies chunks and their jobs in.
func (q *Queue) insert(ctx context.Context, tx pgx.Tx, pack *packer, id int64, address string, parts []queue.Part) error {
	rows, jobs := make([][]any, len(parts)), make([]river.InsertManyParams, len(parts))
	for i, p := range parts {
		about, err := json.Marshal(p.Chunk)
		if err != nil {
			return err
		}
		entries, err := pack.pack(p.Entries)
		if err != nil {
			return err
		}
		rows[i] = []any{id, p.Index, string(about), entries}
		jobs[i] = job(id, p.Index, address)
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{q.schema, "chunks"}, []string{"batch", "chunk", "about", "entries"}, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	_, err := q.put.InsertManyFastTx(ctx, tx, jobs)
	return err
}

// together gathers what comes one by one.
func together[T any](all iter.Seq2[T, error], n int) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		some := make([]T, 0, n)
		for one, err := range all {
			if err != nil {
				yield(nil, err)
				return
			}
			if some = append(some, one); len(some) == n {
				if !yield(some, nil) {
					return
				}
				clear(some)
				some = some[:0]
			}
		}
		if len(some) > 0 {
			yield(some, nil)
		}
	}
}
