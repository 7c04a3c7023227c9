package page

import (
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

// meter remembers what looks at batches saw, to tell how fast they are: over the last minute, or since the look before.
type meter struct {
	mu   sync.Mutex
	seen map[string][]look // by address
}

type look struct {
	run     string // of the batch: a new one starts anew
	at      time.Time
	objects int64
	calls   int64
}

const (
	meterFor   = time.Minute
	meterEvery = time.Second
)

// pace is how fast a batch is.
type pace struct {
	Objects float64 // a second
	Calls   float64 // of KMS, a second
	Known   bool
	Left    time.Duration // at this pace; 0 = nobody knows
}

// pace looks once more. A batch that does not run has none; what it did until then is forgotten.
func (m *meter) pace(r batch.Record, now time.Time) (p pace) {
	m.mu.Lock()
	defer m.mu.Unlock()
	address := r.Spec.Address
	if r.Status != batch.Running {
		delete(m.seen, address)
		return pace{}
	}
	this := look{run: r.Spec.ID(), at: now, objects: r.Tally.Objects, calls: r.Tally.Calls}
	looks := m.since(address, this)
	first := looks[0]
	if len(looks) == 1 && !r.Started.IsZero() {
		first = look{at: r.Started}
	}
	if gone := now.Sub(first.at).Seconds(); gone >= meterEvery.Seconds() {
		p = pace{Objects: float64(this.objects-first.objects) / gone, Calls: float64(this.calls-first.calls) / gone, Known: true}
	}
	if p.Objects > 0 {
		p.Left = time.Duration(float64(max(r.Spec.Objects-this.objects, 0)) / p.Objects * float64(time.Second)).Round(time.Second)
	}
	return p
}

// since are the looks of this run in the last minute, or the last before it, and this one.
func (m *meter) since(address string, this look) []look {
	if m.seen == nil {
		m.seen = map[string][]look{}
	}
	looks := m.seen[address]
	if len(looks) > 0 && looks[0].run != this.run {
		looks = nil
	}
	for len(looks) > 1 && this.at.Sub(looks[1].at) >= meterFor {
		looks = looks[1:]
	}
	if n := len(looks); n == 0 || this.at.Sub(looks[n-1].at) >= meterEvery {
		m.seen[address] = append(looks, this)
		return m.seen[address]
	}
	m.seen[address] = looks
	return looks
}
