package local

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

// fold is what the lines of a ledger come to. It holds no failure and no entry, so that it grows with the chunks only.
type fold struct {
	spec    batch.Spec
	created time.Time
	state
	chunks  []chunk
	claims  map[int]claim // of chunks that are given to somebody
	left    map[int]bool  // chunks that were begun, are not done, and are nobody's
	fresh   int           // chunks before it were given to somebody once
	done    int
	failed  int64
	workers map[string]batch.WorkerSeen
	names   map[string]string // strings that stand in many steps, once
}

// chunk is how far one is.
type chunk struct {
	at      int64 // where its last step stands in the ledger; 0 = it has none
	attempt int32 // of the last claim
	cursor  int32
	done    bool
	tally   batch.Tally
}

type claim struct{ lock, worker string }

func newFold(at time.Time, c created) *fold {
	return &fold{
		spec: c.Spec, created: at, state: state{Status: batch.Paused, Rate: c.Spec.Rate}, chunks: make([]chunk, c.Spec.Chunks),
		claims: map[int]claim{}, left: map[int]bool{}, workers: map[string]batch.WorkerSeen{}, names: map[string]string{},
	}
}

// once is the string s, of which one copy is kept.
func (f *fold) once(s string) string {
	if have, ok := f.names[s]; ok {
		return have
	}
	f.names[s] = s
	return s
}

// take folds one line, which stands at an offset of the ledger.
func (f *fold) take(l line, at int64) error {
	switch {
	case l.Changed != nil:
		f.change(*l.Changed, l.At)
	case l.State != nil:
		f.state = *l.State
	case l.Claimed != nil && f.has(l.Claimed.Chunk):
		f.claim(*l.Claimed, l.At)
	case l.Let != nil && f.has(l.Let.Chunk):
		if c := f.chunks[l.Let.Chunk]; !c.done && c.attempt == int32(l.Let.Attempt) {
			delete(f.claims, l.Let.Chunk)
			f.left[l.Let.Chunk] = true
		}
	case l.Step != nil && f.has(l.Step.Chunk):
		f.step(*l.Step, l.At, at)
	default:
		return fmt.Errorf("it says nothing of this batch of %d chunks", len(f.chunks))
	}
	return nil
}

func (f *fold) has(chunk int) bool { return chunk >= 0 && chunk < len(f.chunks) }

func (f *fold) change(c changed, at time.Time) {
	if c.Rate != nil {
		f.Rate = *c.Rate
	}
	if c.Status == "" {
		return
	}
	if c.Status == batch.Running && f.Status == batch.Paused {
		f.Forgiven = f.failed
	}
	f.Status, f.Reason = c.Status, c.Reason
	if c.Status == batch.Running && f.Started.IsZero() {
		f.Started = at
	}
	f.end(at)
}

// end notes that the batch is over, when it is: one that was paused over its last chunk has nothing to be resumed for.
func (f *fold) end(at time.Time) {
	if f.done == len(f.chunks) && !f.Started.IsZero() && f.Status != batch.Cancelled {
		f.Status, f.Reason = batch.Done, ""
	}
	if f.Status.Over() && f.Ended.IsZero() {
		f.Ended = at
	}
}

func (f *fold) claim(c claimed, at time.Time) {
	f.chunks[c.Chunk].attempt = int32(c.Attempt)
	f.claims[c.Chunk] = claim{c.Lock, c.Worker}
	delete(f.left, c.Chunk)
	for f.fresh < len(f.chunks) && f.chunks[f.fresh].attempt > 0 {
		f.fresh++
	}
	f.saw(c.Worker, c.Chunk, at)
}

func (f *fold) saw(worker string, chunk int, at time.Time) {
	if worker == "" {
		return // of a claim that nobody has any more
	}
	f.workers[worker] = batch.WorkerSeen{Name: worker, Chunk: chunk, Seen: at}
}

func (f *fold) step(s batch.Step, seen time.Time, at int64) {
	c := &f.chunks[s.Chunk]
	for i, u := range s.Tally.Under {
		s.Tally.Under[i].KeyID, s.Tally.Under[i].KeyVersion = f.once(u.KeyID), f.once(u.KeyVersion)
	}
	s.Tally.Outcomes = "" // the ledger has them, and memory keeps nothing an object
	f.failed += s.Tally.Failed - c.tally.Failed
	if s.Done != c.done {
		f.done += map[bool]int{true: 1, false: -1}[s.Done]
	}
	c.at, c.attempt, c.cursor, c.done, c.tally = at, max(c.attempt, int32(s.Attempt)), int32(s.Cursor), s.Done, s.Tally
	if s.Done {
		delete(f.claims, s.Chunk)
		delete(f.left, s.Chunk)
	}
	f.saw(s.Worker, s.Chunk, seen)
	f.end(seen)
	if reason := f.spec.TooMany(f.failed, f.Forgiven); f.Status == batch.Running && reason != "" {
		f.Status, f.Reason = batch.Paused, reason
	}
}
