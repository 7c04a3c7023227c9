package river

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// bucket is a quota.Bucket: one row, that its user locks for two round trips. The clock is the database's; each process learns how
// its own differs.
type bucket struct {
	q       *Queue
	gateway string
	group   string
	clock   *clock
}

// Bucket implements queue.Queue.
func (q *Queue) Bucket(gateway, group string) quota.Bucket {
	return &bucket{q: q, gateway: gateway, group: group, clock: &q.clock}
}

func (b *bucket) String() string { return b.gateway + "/" + b.group }

// ErrNoRate says that nobody has set the rate of a bucket.
var ErrNoRate = errors.New("nobody has set the rate")

// change asks the level, under the row's lock, and stores what it answers.
func (b *bucket) change(ctx context.Context, doing string, ask func(l quota.Level, now time.Time) quota.Level) error {
	if err := b.q.ready(ctx); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	doing = fmt.Sprintf("%s of %s", doing, b)
	return b.q.inTx(ctx, doing, func(tx pgx.Tx) error {
		l, now, err := b.locked(ctx, tx)
		if err != nil {
			return b.q.failure(doing, err)
		}
		next := ask(l, now)
		if next == l {
			return nil
		}
		_, err = tx.Exec(ctx, b.q.sql("UPDATE @.buckets SET ceiling = $3, rate = $4, at = $5, due = $6, epoch = $7, halved = $8, known = $9 WHERE gateway = $1 AND grp = $2"),
			b.gateway, b.group, next.Ceiling, next.Rate, next.At, next.Due, next.Epoch, next.Halved, next.Known)
		if err != nil {
			return b.q.failure(doing, err)
		}
		return nil
	})
}

// locked is the level, held until the transaction ends, and the time then: the last statement runs when the one before has the
// row. The transaction does not wait for a disk, which would be everybody's wait: a server that crashes forgets slots of half a second, and is
// away for longer.
func (b *bucket) locked(ctx context.Context, tx pgx.Tx) (l quota.Level, now time.Time, err error) {
	var both pgx.Batch
	both.Queue("SET LOCAL synchronous_commit TO off")
	both.Queue(b.q.sql("SELECT ceiling, rate, at, due, epoch, halved, known FROM @.buckets WHERE gateway = $1 AND grp = $2 FOR UPDATE"), b.gateway, b.group).QueryRow(func(r pgx.Row) error {
		err := r.Scan(&l.Ceiling, &l.Rate, &l.At, &l.Due, &l.Epoch, &l.Halved, &l.Known)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoRate
		}
		return err
	})
	both.Queue("SELECT clock_timestamp()").QueryRow(func(r pgx.Row) error { return r.Scan(&now) })
	sent := time.Now()
	if err := tx.SendBatch(ctx, &both).Close(); err != nil {
		return l, now, err
	}
	b.clock.heard(sent, time.Now(), now)
	return l, now, nil
}

// Lease implements quota.Bucket.
func (b *bucket) Lease(ctx context.Context, n int) (s quota.Slot, err error) {
	var asked time.Time // by the database's clock
	lead := b.clock.lead()
	err = b.change(ctx, "take a slot", func(l quota.Level, now time.Time) quota.Level {
		asked = now
		l, s = l.Lease(n, now, lead)
		return l
	})
	if err == nil {
		s.In -= b.clock.since(asked)
	}
	return s, err
}

// Throttled implements quota.Bucket.
func (b *bucket) Throttled(ctx context.Context, epoch int64) error {
	return b.change(ctx, "halve the rate", func(l quota.Level, now time.Time) quota.Level { return l.Throttled(epoch, now) })
}

// Set implements quota.Bucket.
func (b *bucket) Set(ctx context.Context, perSecond float64) error {
	if perSecond <= 0 {
		return fmt.Errorf("%s: a rate of %v calls per second lets nobody call", b, perSecond)
	}
	if err := b.q.ready(ctx); err != nil {
		return err
	}
	first, cancel := bounded(ctx)
	defer cancel()
	if _, err := b.q.pool.Exec(first, b.q.sql("INSERT INTO @.buckets (gateway, grp, ceiling, rate, at, due, epoch) VALUES ($1, $2, $3, $3, now(), now(), 0) ON CONFLICT DO NOTHING"), b.gateway, b.group, perSecond); err != nil {
		return b.q.failure("set the rate", err)
	}
	return b.change(ctx, "set the rate", func(l quota.Level, now time.Time) quota.Level { return l.Set(perSecond, now) })
}

// Rate implements quota.Bucket.
func (b *bucket) Rate(ctx context.Context) (rate, ceiling float64, err error) {
	err = b.change(ctx, "ask the rate", func(l quota.Level, now time.Time) quota.Level {
		grown := l.Grown(now)
		rate, ceiling = grown.Rate, grown.Ceiling
		return grown
	})
	return rate, ceiling, err
}
