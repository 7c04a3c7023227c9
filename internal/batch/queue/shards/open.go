package shards

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/quota"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Shard is a worker's part: the chunks whose index leaves Index when it is divided by Of. The zero Shard is none: of who looks
// and changes, and does not work.
type Shard struct{ Index, Of int }

// ParseShard reads "3/10": the fourth of ten.
func ParseShard(text string) (Shard, error) {
	var s Shard
	if n, err := fmt.Sscanf(text+" end", "%d/%d end", &s.Index, &s.Of); n != 2 || err != nil || s.check() != nil || fmt.Sprint(s) != text {
		return Shard{}, fmt.Errorf("-shard %q: write INDEX/SHARDS, the index from 0: -shard 3/10", text)
	}
	return s, nil
}

// String writes what ParseShard reads.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

func (s Shard) check() error {
	if s.Of < 1 || s.Of > mostShards || s.Index < 0 || s.Index >= s.Of {
		return fmt.Errorf("there is no shard %s: the index is from 0 to one less than the number of shards, which is at most %d", s, mostShards)
	}
	return nil
}

// mostShards bounds what a look at all shards reads.
const mostShards = 10_000

// chunks is how many of so many chunks are the shard's; at is the index of the nth of them.
func (s Shard) chunks(of int) int { return (of - s.Index + s.Of - 1) / s.Of }
func (s Shard) at(n int) int      { return s.Index + n*s.Of }

// Rooms gives the places of a ledger: the one of all batches (""), and that of one shard of a run.
type Rooms func(name string) remote.Place

// Queue is a queue.Queue without a database.
type Queue struct {
	name  string
	rooms Rooms
	shard Shard
	o     Options

	mu      sync.Mutex
	opened  map[string]remote.Place
	now     control
	read    time.Time // when now was read; zero = never
	buckets map[string]quota.Bucket
}

var _ queue.Queue = (*Queue)(nil)

// New makes the queue of one shard, or of nobody's. Its calls are tried again as a state's are.
func New(name string, rooms Rooms, shard Shard, o Options) (*Queue, error) {
	if shard != (Shard{}) {
		if err := shard.check(); err != nil {
			return nil, err
		}
	}
	if o.Look == 0 {
		o.Look = lookDefault
	}
	return &Queue{name: name, rooms: rooms, shard: shard, o: o, opened: map[string]remote.Place{}, buckets: map[string]quota.Bucket{}}, nil
}

// room is a place of the ledger.
func (q *Queue) room(name string) remote.Place {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.opened[name] == nil {
		q.opened[name] = remote.Retry(q.rooms(name), q.o.Retry)
	}
	return q.opened[name]
}

// Place implements queue.Queue.
func (q *Queue) Place() string { return q.name }

// Close implements queue.Queue.
func (q *Queue) Close() error { return nil }

// rateFirst is the rate of a bucket whose rate nobody has set yet, calls per second.
const rateFirst = 1000

// Bucket implements queue.Queue: this shard's part of the quota. Nobody shares it, because the shards have nothing quick
// enough in common; what one does not use is lost.
func (q *Queue) Bucket(gateway, group string) quota.Bucket {
	q.mu.Lock()
	defer q.mu.Unlock()
	name := gateway + "/" + group
	if q.buckets[name] == nil {
		of := max(q.shard.Of, 1)
		q.buckets[name] = part{quota.NewMemory(rateFirst/float64(of), nil), float64(of)}
	}
	return q.buckets[name]
}

// part is a shard's part of a bucket: what it is set to is the rate of all.
type part struct {
	*quota.Memory
	of float64
}

// Set implements quota.Bucket.
func (p part) Set(ctx context.Context, perSecond float64) error {
	return p.Memory.Set(ctx, perSecond/p.of)
}

var errNoShard = errors.New("a worker on a ledger without a database needs its part of the chunks: -shard INDEX/SHARDS, such as -shard 3/10")
