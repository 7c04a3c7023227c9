package shards

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// session is one worker's hold of one shard of a run.
type session struct {
	place remote.Place
	shard Shard
	name  string
	run   string
	total int // chunks of the batch

	mu       sync.Mutex
	at       ledger
	rev      remote.Revision
	lost     bool
	attempts map[int]int  // of deliveries of this session
	taken    map[int]bool // chunks that are being worked on
	left     []int        // chunks that were begun, are not done, and are not taken
	fresh    int          // of the shard's chunks, those before it were looked at
}

// take makes the shard this worker's.
func (q *Queue) take(ctx context.Context, e entry, worker string) (*session, error) {
	s := &session{
		place: q.room(room(e.Run, q.shard)), shard: q.shard, name: worker, run: e.Run, total: e.Spec.Chunks,
		attempts: map[int]int{}, taken: map[int]bool{},
	}
	holder := uuid.NewString()
	for range mostConflicts {
		l, rev, err := readLedger(ctx, s.place)
		if err != nil {
			return nil, err
		}
		if l.Holder != holder { // it may be ours, and the answer lost
			l.Epoch, l.Holder, l.Worker, l.Write = l.Epoch+1, holder, worker, uuid.NewString()
			data, err := pack(l)
			if err != nil {
				return nil, err
			}
			rev, err = s.place.Swap(ctx, rev, data)
			if errors.Is(err, remote.ErrConflict) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("taking shard %s of %s: %w", q.shard, e.Spec.Address, err)
			}
		}
		s.at, s.rev = l, rev
		for _, chunk := range slices.Sorted(maps.Keys(l.Steps)) {
			if !l.Steps[chunk].Done {
				s.left = append(s.left, chunk)
			}
		}
		return s, nil
	}
	return nil, fmt.Errorf("taking shard %s of %s: others take it too, %d times; is one of them started again and again?", q.shard, e.Spec.Address, mostConflicts)
}

// next is a chunk to work on: one that was begun before, else one that nobody had yet.
func (s *session) next() (chunk, attempt int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) > 0 {
		chunk, s.left = s.left[0], s.left[1:]
		return chunk, s.begin(chunk), true
	}
	for ; s.fresh < s.shard.chunks(s.total); s.fresh++ {
		chunk := s.shard.at(s.fresh)
		if _, begun := s.at.Steps[chunk]; begun || s.taken[chunk] || s.attempts[chunk] > 0 || s.at.Finished.has(s.fresh) {
			continue
		}
		s.fresh++
		return chunk, s.begin(chunk), true
	}
	return 0, 0, false
}

// begin counts a delivery. The caller holds mu.
func (s *session) begin(chunk int) int {
	s.taken[chunk] = true
	s.attempts[chunk] = max(s.attempts[chunk], s.at.Steps[chunk].Attempt) + 1
	return s.attempts[chunk]
}

// end notes that a delivery is over. A chunk that is not done comes again, after those that wait.
func (s *session) end(chunk int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, chunk)
	if !s.at.Steps[chunk].Done {
		s.left = append(s.left, chunk)
	}
}

// step stores a step, and reports how many more objects failed than before, and whether the shard's chunks are done.
func (s *session) step(ctx context.Context, step batch.Step) (failed int64, done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if step.Attempt < s.attempts[step.Chunk] {
		return 0, false, fmt.Errorf("chunk %d: %w", step.Chunk, queue.ErrStale)
	}
	before := s.at.Steps[step.Chunk].Tally.Failed
	if err := s.store(ctx, step); err != nil {
		return 0, false, err
	}
	return step.Tally.Failed - before, s.at.done() == s.shard.chunks(s.total), nil
}

// store replaces the shard's ledger by one with a step. The caller holds mu.
func (s *session) store(ctx context.Context, step batch.Step) error {
	for range mostConflicts {
		if s.lost {
			return s.stale(step.Chunk)
		}
		next, err := s.spilled(ctx)
		if err != nil {
			return err
		}
		next.Steps = maps.Clone(next.Steps)
		if next.Steps == nil {
			next.Steps = map[int]batch.Step{}
		}
		next.Steps[step.Chunk] = step
		next.Write, next.Seen, next.Last = uuid.NewString(), time.Now().UTC(), step.Chunk
		data, err := pack(next)
		if err != nil {
			return err
		}
		rev, err := s.place.Swap(ctx, s.rev, data)
		if err == nil {
			s.at, s.rev = next, rev
			return nil
		}
		if !errors.Is(err, remote.ErrConflict) {
			return fmt.Errorf("recording a step of shard %s in %s: %w", s.shard, s.place, err)
		}
		if done, err := s.again(ctx, next); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("recording a step of shard %s in %s: others wrote each time, %d times", s.shard, s.place, mostConflicts)
}

// again looks at the ledger that stands where ours should: it may be ours, whose answer was lost, or one of ours before it.
func (s *session) again(ctx context.Context, next ledger) (stored bool, err error) {
	l, rev, err := readLedger(ctx, s.place)
	if err != nil {
		return false, err
	}
	if l.Holder != next.Holder && !safety.Off(safety.ShardTaken) {
		s.lost = true
		return false, nil
	}
	s.at, s.rev = l, rev
	return l.Write == next.Write, nil
}

func (s *session) stale(chunk int) error {
	return fmt.Errorf("chunk %d, shard %s in %s: another worker has taken the shard: %w", chunk, s.shard, s.place, queue.ErrStale)
}

// The ledger keeps so many steps of chunks that are done, or so many failures, before they move to an object.
const (
	mostDone     = 64
	mostFailures = 500
)

// spilled is the ledger, with the steps of chunks that are done and not being worked on in an object once they are many.
func (s *session) spilled(ctx context.Context) (ledger, error) {
	var out []batch.Step
	failures := 0
	for _, chunk := range slices.Sorted(maps.Keys(s.at.Steps)) {
		if step := s.at.Steps[chunk]; step.Done && !s.taken[chunk] {
			out = append(out, step)
			failures += len(step.Failures)
		}
	}
	if len(out) < mostDone && failures < mostFailures {
		return s.at, nil
	}
	data, err := pack(out)
	if err != nil {
		return ledger{}, err
	}
	name := fmt.Sprintf("steps-%06d-%s", len(s.at.Parts), uuid.NewString())
	if err := s.place.Put(ctx, name, data); err != nil {
		return ledger{}, fmt.Errorf("recording the steps of shard %s in %s: %w", s.shard, s.place, err)
	}
	next := s.at
	next.Parts = append(slices.Clone(next.Parts), name)
	next.Steps, next.Tally = maps.Clone(next.Steps), batch.Tally{}
	next.Tally.Add(s.at.Tally)
	for _, step := range out {
		delete(next.Steps, step.Chunk)
		next.Finished = next.Finished.with(step.Chunk / s.shard.Of)
		next.Tally.Add(step.Tally)
	}
	return next, nil
}
