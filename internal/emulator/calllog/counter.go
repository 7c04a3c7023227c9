package calllog

import (
	"maps"
	"slices"
)

// Counter sums up one operation on one gateway since the start. An injected
// answer is no evidence of the emulator's own behaviour and is counted apart.
type Counter struct {
	Gateway    string         `json:"gateway"`
	Operation  string         `json:"operation"`
	Succeeded  int            `json:"succeeded"`
	Refused    map[string]int `json:"refused,omitempty"` // by code
	Injected   int            `json:"injected,omitempty"`
	Agents     map[string]int `json:"agents,omitempty"`     // successful calls by User-Agent
	Signatures map[string]int `json:"signatures,omitempty"` // successful calls by kind
	Unread     map[string]int `json:"unread,omitempty"`     // parameters that no handler reads
}

// Bounds on what foreign input can make a counter hold.
const (
	maxOperations = 1000
	maxDistinct   = 64
)

// tally needs the lock.
func (l *Log) tally(c Call) {
	place := c.Gateway + " " + c.Operation
	n := l.count[place]
	if n == nil {
		if len(l.count) >= maxOperations {
			return
		}
		n = &Counter{Gateway: c.Gateway, Operation: c.Operation, Refused: map[string]int{}, Agents: map[string]int{}, Signatures: map[string]int{}, Unread: map[string]int{}}
		l.count[place] = n
	}
	for _, name := range c.Unread {
		bump(n.Unread, clip(name, maxAgent))
	}
	switch {
	case c.Fault != "":
		n.Injected++
	case c.Status >= 200 && c.Status < 300:
		n.Succeeded++
		bump(n.Agents, c.Agent)
		bump(n.Signatures, c.Signature)
	default:
		bump(n.Refused, c.Code)
	}
}

func bump(m map[string]int, name string) {
	if _, known := m[name]; known || len(m) < maxDistinct {
		m[name]++
	}
}

// Evidence returns every counter, by gateway and operation.
func (l *Log) Evidence() []Counter {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := []Counter{}
	for _, place := range slices.Sorted(maps.Keys(l.count)) {
		c := *l.count[place]
		c.Refused, c.Agents = maps.Clone(c.Refused), maps.Clone(c.Agents)
		c.Signatures, c.Unread = maps.Clone(c.Signatures), maps.Clone(c.Unread)
		all = append(all, c)
	}
	return all
}

// Unread reports, by operation, the parameters that were sent and that no
// handler reads.
func (l *Log) Unread() map[string][]string {
	unread := map[string][]string{}
	for _, c := range l.Evidence() {
		if len(c.Unread) > 0 {
			unread[c.Operation] = append(unread[c.Operation], slices.Collect(maps.Keys(c.Unread))...)
		}
	}
	for operation, names := range unread {
		slices.Sort(names)
		unread[operation] = slices.Compact(names)
	}
	return unread
}
