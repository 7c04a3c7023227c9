package local

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/quota"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// bucket is the quota.Bucket of this machine: a file with the level, which every process changes alone. It is not synced: after
// a crash a bucket is full, as at first.
type bucket struct {
	q    *Queue
	name string // of the file

	mu sync.Mutex // keeps the goroutines of this process from waiting for one another's lock
}

// rateFirst is the rate of a bucket whose rate nobody has set yet, calls per second.
const rateFirst = 1000

// levelLength is that of a bucket's file, in bytes; a level takes about 220.
const levelLength = 512

var notPlain = pattern.New(`[^a-zA-Z0-9_-]`)

// Bucket implements queue.Queue.
func (q *Queue) Bucket(gateway, group string) quota.Bucket {
	q.mu.Lock()
	defer q.mu.Unlock()
	name := "bucket-" + notPlain.ReplaceAllString(gateway, "_") + "-" + notPlain.ReplaceAllString(group, "_")
	if q.buckets[name] == nil {
		q.buckets[name] = &bucket{q: q, name: name}
	}
	return q.buckets[name]
}

// change asks the level, and keeps what it becomes.
func (b *bucket) change(ctx context.Context, ask func(quota.Level, time.Time) quota.Level) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := makeFile(b.q.dir, b.name)
	if err != nil {
		return fmt.Errorf("the bucket %s: %w", b.q.dir.Path(b.name), err)
	}
	f, err := hold(ctx, b.q.dir, b.name)
	if err != nil {
		return fmt.Errorf("the bucket %s: %w", b.q.dir.Path(b.name), err)
	}
	defer f.Close()
	data, err := f.ReadAll(levelLength)
	if err != nil {
		return fmt.Errorf("the bucket %s: %w", b.q.dir.Path(b.name), err)
	}
	now := time.Now()
	level := levelOf(data, now)
	next, err := json.Marshal(ask(level, now))
	if err == nil {
		// One write of always the same length, so that no death leaves a part of it.
		_, err = f.WriteAt(fmt.Appendf(nil, "%-*s\n", levelLength-1, next), 0)
	}
	if err != nil {
		return fmt.Errorf("the bucket %s: %w", b.q.dir.Path(b.name), err)
	}
	return ctx.Err()
}

// levelOf reads a level. One that was never written, or that a power cut took, is full; one from the future is of a clock that was
// set back, and nobody waits for it.
func levelOf(data []byte, now time.Time) quota.Level {
	var l quota.Level
	if json.Unmarshal(data, &l) != nil || l.Ceiling <= 0 || l.Rate <= 0 {
		return quota.Full(rateFirst, now)
	}
	if l.At.After(now.Add(time.Second)) {
		l.At, l.Due, l.Halved = now, now, time.Time{}
	}
	return l
}

// Lease implements quota.Bucket.
func (b *bucket) Lease(ctx context.Context, n int) (s quota.Slot, err error) {
	err = b.change(ctx, func(l quota.Level, now time.Time) quota.Level {
		l, s = l.Lease(n, now, 0)
		return l
	})
	return s, err
}

// Throttled implements quota.Bucket.
func (b *bucket) Throttled(ctx context.Context, epoch int64) error {
	return b.change(ctx, func(l quota.Level, now time.Time) quota.Level { return l.Throttled(epoch, now) })
}

// Set implements quota.Bucket.
func (b *bucket) Set(ctx context.Context, perSecond float64) error {
	return b.change(ctx, func(l quota.Level, now time.Time) quota.Level { return l.Set(perSecond, now) })
}

// Rate implements quota.Bucket.
func (b *bucket) Rate(ctx context.Context) (now, ceiling float64, err error) {
	err = b.change(ctx, func(l quota.Level, _ time.Time) quota.Level {
		now, ceiling = l.Rate, l.Ceiling
		return l
	})
	return now, ceiling, err
}
