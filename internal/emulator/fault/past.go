package fault

import "sync"

// past keeps earlier answers for Stale rules: the newest few of each call, and
// only while such a rule is in force.
type past struct {
	mu      sync.Mutex
	answers map[string][]Answer // by call
}

// Bounds of what is remembered.
const (
	maxPast  = 16
	maxCalls = 4096
)

func (p *past) add(call string, a Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers == nil {
		p.answers = map[string][]Answer{}
	}
	kept, known := p.answers[call]
	if !known && len(p.answers) >= maxCalls {
		return
	}
	kept = append(kept, a)
	if len(kept) > maxPast {
		kept = kept[1:]
	}
	p.answers[call] = kept
}

// back returns the n-th answer from the end, 1 being the newest, or the oldest
// there is.
func (p *past) back(call string, n int) (Answer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.answers[call]
	if len(kept) == 0 {
		return Answer{}, false
	}
	return kept[max(0, len(kept)-n)], true
}
