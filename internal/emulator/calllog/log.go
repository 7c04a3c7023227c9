package calllog

import (
	"encoding/json"
	"io"
	"sync"
)

// Log is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	ring    []Call // grows to size, then wraps
	next    int
	size    int
	seq     uint64
	count   map[string]*Counter
	sink    *json.Encoder // nil = none
	sinkErr error         // the first failure; later calls are no longer written
}

// DefaultSize is how many calls a Log keeps.
const DefaultSize = 10_000

// New returns a log of the newest size calls (0 = DefaultSize). Every call is
// also written to sink as a line of JSON, if sink is not nil.
func New(size int, sink io.Writer) *Log {
	if size <= 0 {
		size = DefaultSize
	}
	l := &Log{size: size, count: map[string]*Counter{}}
	if sink != nil {
		l.sink = json.NewEncoder(sink)
	}
	return l
}

// maxAgent bounds a kept User-Agent.
const maxAgent = 120

// Add numbers the call and keeps it. Its parameters pass the allow-list here
// again, whoever filled them in.
func (l *Log) Add(c Call) {
	c.Agent = clip(c.Agent, maxAgent)
	c.Parameters = Allow(c.Parameters)
	c.Key, c.Caller = clip(c.Key, maxValue), clip(c.Caller, maxValue)
	c.Operation = clip(c.Operation, maxAgent)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	c.Seq = l.seq
	if len(l.ring) < l.size {
		l.ring = append(l.ring, c)
	} else {
		l.ring[l.next] = c
	}
	l.next = (l.next + 1) % l.size
	l.tally(c)
	if l.sink != nil && l.sinkErr == nil {
		l.sinkErr = l.sink.Encode(c)
	}
}

// Calls returns the kept calls that match, oldest first.
func (l *Log) Calls(f Filter) []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := []Call{}
	for i := range l.ring {
		c := l.ring[(l.start()+i)%len(l.ring)]
		if f.Match(c) {
			found = append(found, c)
		}
	}
	if f.Limit > 0 && len(found) > f.Limit {
		found = found[len(found)-f.Limit:]
	}
	return found
}

func (l *Log) start() int {
	if len(l.ring) < l.size {
		return 0
	}
	return l.next
}

// Total is how many calls were answered; Dropped how many of them the ring no
// longer holds, so that a count over it would be too small.
func (l *Log) Total() (total, dropped uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq, l.seq - uint64(len(l.ring))
}

// SinkError is the failure that stopped the JSON lines, if any.
func (l *Log) SinkError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sinkErr
}

// Clear forgets calls and counters. Numbering goes on.
func (l *Log) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring, l.next = nil, 0
	l.count = map[string]*Counter{}
}
