package river

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// River's times. A chunk that takes longer than jobTimeout ends with an error and comes again from its cursor, long before
// River would think its worker dead; workers that are dead are found by their heartbeat, in deadAfter.
const (
	jobTimeout   = 15 * time.Minute
	rescueAfter  = 3 * jobTimeout
	keepFinished = time.Hour
	pollEvery    = time.Second
)

// onceGivesUp is how long a worker that works once goes on without a word from the database.
const onceGivesUp = 2 * time.Minute

// idleQueue is polled rarely and holds nothing: River wants a queue to start with, and those of batches come and go.
const idleQueue = "kmsplan_idle"

// session is one call of Work.
type session struct {
	q      *Queue
	w      queue.Worker
	id     string // of its row in workers, and of its client in River
	client *river.Client[pgx.Tx]
	ended  <-chan struct{} // the worker drains
	turns  chan struct{}   // one for each chunk that is worked on at once
	held   held
	queues map[int64]bool // batches whose queues are fetched from
}

// Work implements queue.Queue.
func (q *Queue) Work(ctx context.Context, w queue.Worker) (err error) {
	if err := q.ready(ctx); err != nil {
		return err
	}
	w.Parallel = max(w.Parallel, 1)
	w = queue.PauseStuck(q, w)
	s := &session{q: q, w: w, id: uuid.NewString(), ended: ctx.Done(), turns: make(chan struct{}, w.Parallel), queues: map[int64]bool{}}
	if s.client, err = q.client(s); err != nil {
		return err
	}
	if err := s.beat(ctx); err != nil {
		return err
	}
	// Deliveries end by themselves when ctx ends, so that River's own contexts do not.
	lasting := context.WithoutCancel(ctx)
	defer s.leave(lasting)
	if err := s.client.Start(lasting); err != nil {
		return q.failure("start River", err)
	}
	err = s.serve(ctx)
	return errors.Join(err, s.client.Stop(lasting))
}

func (q *Queue) client(s *session) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &deliverer{s: s})
	c, err := river.NewClient(q.driver, &river.Config{
		ID: s.id, Schema: q.schema, Logger: q.log, Workers: workers, RetryPolicy: backoff{},
		Queues:   map[string]river.QueueConfig{idleQueue: {MaxWorkers: 1, FetchPollInterval: time.Minute}},
		PollOnly: true, FetchPollInterval: pollEvery,
		JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter,
		CompletedJobRetentionPeriod: keepFinished, CancelledJobRetentionPeriod: keepFinished, DiscardedJobRetentionPeriod: -1,
		ReindexerSchedule: river.NeverSchedule(), // a working role owns no index
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.place, err)
	}
	return c, nil
}

// How often a session looks after things.
const (
	lookEvery = 500 * time.Millisecond // at the batches
	beatEvery = 5 * time.Second
	mendEvery = time.Minute
	deadAfter = 30 * time.Second // without a heartbeat
	lives     = "w.seen > now() - interval '30 seconds'"
	forgotten = "seen < now() - interval '1 day'"
)

// serve looks after queues, heartbeats and the dead until ctx ends, or nothing is left.
func (s *session) serve(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var beat, mend, last = time.Now(), time.Time{}, time.Now()
	for {
		left, err := s.look(ctx)
		if err == nil && !left && s.w.Once {
			return nil
		}
		if err == nil && time.Since(beat) >= beatEvery {
			if err = s.watch(ctx); err == nil {
				beat = time.Now()
			}
		}
		if err == nil && time.Since(mend) >= mendEvery {
			if err = s.mend(ctx); err == nil {
				mend = time.Now()
			}
		}
		if err == nil {
			last = time.Now()
		} else if s.w.Once && ctx.Err() == nil && time.Since(last) > onceGivesUp {
			return err
		} else if ctx.Err() == nil {
			s.q.log.Warn("the queue's database", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// look fetches from the queues of the batches that run, and from no others. It reports whether any has a chunk left.
func (s *session) look(ctx context.Context) (left bool, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	rows, err := s.q.pool.Query(ctx, s.q.sql("SELECT id FROM @.batches WHERE last AND status = 'running' AND ($1 = '' OR address = $1)"), s.w.Address)
	if err != nil {
		return true, s.q.failure("look for batches", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return true, s.q.failure("look for batches", err)
	}
	run := map[int64]bool{}
	for _, id := range ids {
		run[id] = true
		if s.queues[id] {
			continue
		}
		if err := s.client.Queues().Add(queueOf(id), river.QueueConfig{MaxWorkers: s.w.Parallel}); err != nil {
			return true, fmt.Errorf("%s: fetch of %s: %w", s.q.place, queueOf(id), err)
		}
		s.queues[id] = true
	}
	for id := range s.queues {
		if !run[id] && !s.held.any(id) {
			if err := s.client.Queues().Remove(ctx, queueOf(id)); err != nil {
				return true, fmt.Errorf("%s: leave %s: %w", s.q.place, queueOf(id), err)
			}
			delete(s.queues, id)
		}
	}
	return len(ids) > 0, nil
}
