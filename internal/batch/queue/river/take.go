package river

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/safety"
)

// deliverer takes the chunk of each job that River hands it.
type deliverer struct {
	river.WorkerDefaults[args]
	s *session
}

// Work implements river.Worker.
func (d *deliverer) Work(ctx context.Context, j *river.Job[args]) error {
	s := d.s
	p, err := j.Args.parse()
	if err != nil {
		return river.JobCancel(fmt.Errorf("the job's chunk %q: %w", j.Args.Chunk, err))
	}
	if !s.turn(ctx) {
		return later()
	}
	defer func() { <-s.turns }()
	if !s.held.take(p) {
		return later()
	}
	defer s.held.let(p)
	del, err := s.take(ctx, j, p)
	if del == nil {
		return err
	}
	return s.deliver(ctx, del)
}

// later lets a chunk that cannot be taken come again in one to three seconds: not each time just before the same worker
// looks.
func later() error { return river.JobSnooze(time.Second + rand.N(2*time.Second)) }

// turn waits a moment until fewer than Parallel chunks are worked on. A chunk that has to wait longer is for other workers.
func (s *session) turn(ctx context.Context) bool {
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case s.turns <- struct{}{}:
		return true
	case <-t.C:
	case <-ctx.Done():
	case <-s.ended:
	}
	return false
}

// takes gives a chunk to a worker: nobody who lives has it, and its batch runs. Each taking is another attempt.
const takes = `
UPDATE @.chunks c SET attempt = attempt + 1, holder = $3::uuid
FROM @.batches b
WHERE c.batch = $1 AND c.chunk = $2 AND b.id = c.batch AND b.status = 'running' AND NOT c.done
	AND (c.holder IS NULL OR c.holder = $3::uuid OR NOT EXISTS (SELECT FROM @.workers w WHERE w.id = c.holder AND ` + lives + `))
RETURNING b.spec::text, c.about::text, c.attempt, c.cursor, c.tally::text, c.failures, c.worker`

// take takes the chunk of a job; nil with what River should do with the job where it cannot be taken.
func (s *session) take(ctx context.Context, j *river.Job[args], p place) (*delivery, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	d := &delivery{q: s.q, job: j, id: p.batch}
	var spec, about, tally string
	var failures int
	err := s.q.pool.QueryRow(ctx, s.q.sql(takes), p.batch, p.chunk, s.id).Scan(&spec, &about, &d.last.Attempt, &d.last.Cursor, &tally, &failures, &d.last.Worker)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, s.untaken(ctx, p)
	}
	if err != nil {
		return nil, s.q.failure("take a chunk", err)
	}
	d.last.Chunk = p.chunk
	if err := errors.Join(json.Unmarshal([]byte(spec), &d.spec), json.Unmarshal([]byte(about), &d.chunk), json.Unmarshal([]byte(tally), &d.last.Tally)); err != nil {
		return nil, s.q.failure("take a chunk", err)
	}
	if failures > 0 && !safety.Off(safety.FailuresCarried) {
		if d.last.Failures, err = s.q.failed(ctx, p); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// failed are the objects that earlier attempts at a chunk found to fail. Who takes a chunk asks when it is taken: from then on no
// earlier attempt records.
func (q *Queue) failed(ctx context.Context, p place) (out []batch.Failure, err error) {
	rows, err := q.pool.Query(ctx, q.sql("SELECT failure::text FROM @.failures WHERE batch = $1 AND chunk = $2 ORDER BY nr"), p.batch, p.chunk)
	if err != nil {
		return nil, q.failure("read what failed of a chunk", err)
	}
	var text string
	if _, err = pgx.ForEachRow(rows, []any{&text}, func() error {
		var f batch.Failure
		err := json.Unmarshal([]byte(text), &f)
		out = append(out, f)
		return err
	}); err != nil {
		return nil, q.failure("read what failed of a chunk", err)
	}
	return out, nil
}

// untaken is nil, which ends the job, where the chunk is done or its batch over; else the job comes again.
func (s *session) untaken(ctx context.Context, p place) error {
	var done bool
	var status string
	err := s.q.pool.QueryRow(ctx, s.q.sql("SELECT c.done, b.status FROM @.chunks c JOIN @.batches b ON b.id = c.batch WHERE c.batch = $1 AND c.chunk = $2"), p.batch, p.chunk).Scan(&done, &status)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return s.q.failure("take a chunk", err)
	case done || batch.Status(status).Over():
		return nil
	}
	return later()
}

// deliver works on a chunk and gives it back.
func (s *session) deliver(ctx context.Context, d *delivery) error {
	d.ctx = ctx
	doing, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-s.ended:
			cancel() // the worker drains
		case <-done:
		}
	}()
	failed := s.w.Do(doing, d)
	draining := doing.Err() != nil && ctx.Err() == nil
	lasting, cancelLasting := bounded(context.WithoutCancel(ctx))
	defer cancelLasting()
	if errors.Is(failed, queue.ErrStale) || draining {
		failed = nil // for no fault of the chunk's
	}
	finished, err := d.giveBack(lasting)
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return err
	case finished:
		return nil
	}
	return later()
}

// giveBack lets the chunk go.
func (d *delivery) giveBack(ctx context.Context) (finished bool, err error) {
	err = d.q.pool.QueryRow(ctx, d.q.sql("UPDATE @.chunks SET holder = NULL WHERE batch = $1 AND chunk = $2 AND attempt = $3 RETURNING done"),
		d.id, d.chunk.Index, d.last.Attempt).Scan(&finished)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // another has it
		return false, nil
	case err != nil:
		return false, d.q.failure(fmt.Sprintf("give back chunk %d of %s", d.chunk.Index, d.spec.Address), err)
	}
	return finished, nil
}
