package river

import (
	"sync"
	"time"
)

// clock is what a process knows of the database's: the answer to a question for the time was given between the question and its
// arrival, so that each answer narrows down how far the two are apart. Slots that begin by the database's clock begin so on every
// machine, however late an answer comes.
type clock struct {
	mu          sync.Mutex
	known       bool
	least, most time.Duration // the database's time less this machine's
	at          time.Time     // of what is known
	took        time.Duration // from the database's answer until the asker could use it, lately
}

// drifts is by how much two clocks move apart, at the most: 200 parts in a million.
const drifts = 5000

// heard takes an answer into account.
func (c *clock) heard(sent, got, there time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	least, most := there.Sub(got), there.Sub(sent)
	if moved := got.Sub(c.at) / drifts; c.known {
		least, most = max(least, c.least-moved), min(most, c.most+moved)
	}
	if least > most { // one of them was set
		least, most = there.Sub(got), there.Sub(sent)
	}
	c.known, c.least, c.most, c.at = true, least, most, got
}

// since is the time since the database said that it is there; the asker can use the answer now.
func (c *clock) since(there time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := max(time.Now().Add(c.least+(c.most-c.least)/2).Sub(there), 0)
	c.took = max(d, c.took-c.took/8)
	return d
}

// lead is how long an answer takes.
func (c *clock) lead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.took
}
