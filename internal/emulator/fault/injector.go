package fault

import (
	"fmt"
	"slices"
	"sync"
)

// Injector holds the rules in force. Safe for concurrent use.
type Injector struct {
	operations []string
	exit       func() // nil = Crash is refused
	mu         sync.Mutex
	rules      []*Rule
	lastID     int
	past       past
}

// New returns an injector without rules. Operations are the names that rules
// may use. Exit ends the process; leave it nil where the process is not the
// emulator's own, and crash rules are refused.
func New(operations []string, exit func()) *Injector {
	return &Injector{operations: slices.Sorted(slices.Values(operations)), exit: exit}
}

// Add puts a rule in force and returns it with its id.
func (i *Injector) Add(r Rule) (Rule, error) {
	if err := r.validate(i.operations); err != nil {
		return Rule{}, fmt.Errorf("add fault: %w", err)
	}
	if r.Action == Crash && i.exit == nil {
		return Rule{}, fmt.Errorf("add fault: %s needs a process of its own: kmsplan emulator serve", Crash)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lastID++
	r.ID, r.Seen, r.Fired = i.lastID, 0, 0
	i.rules = append(i.rules, &r)
	return r, nil
}

// AddText is Add for a list in Parse's notation: all rules, or none.
func (i *Injector) AddText(text string) ([]Rule, error) {
	rules, err := Parse(text, i.operations)
	if err != nil {
		return nil, err
	}
	for n, r := range rules {
		if rules[n], err = i.Add(r); err != nil {
			i.Remove(ids(rules[:n])...)
			return nil, err
		}
	}
	return rules, nil
}

func ids(rules []Rule) []int {
	list := make([]int, len(rules))
	for n, r := range rules {
		list[n] = r.ID
	}
	return list
}

// Rules returns the rules in order of addition, spent ones too.
func (i *Injector) Rules() []Rule {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := make([]Rule, len(i.rules))
	for n, r := range i.rules {
		list[n] = *r
	}
	return list
}

// Remove takes rules out by id, or all if none is given, and returns how many.
func (i *Injector) Remove(ids ...int) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	before := len(i.rules)
	i.rules = slices.DeleteFunc(i.rules, func(r *Rule) bool { return len(ids) == 0 || slices.Contains(ids, r.ID) })
	return before - len(i.rules)
}

// Match returns a copy of the first rule of the stage that acts on the event,
// or nil. Every rule that matches counts the call, up to the one that acts.
func (i *Injector) Match(stage Stage, e Event) *Rule {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.rules {
		if actions[r.Action].stage == stage && r.matches(e) && r.due() {
			acting := *r
			return &acting
		}
	}
	return nil
}

// has reports whether a rule with the action may still act.
func (i *Injector) has(action Name) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.ContainsFunc(i.rules, func(r *Rule) bool { return r.Action == action && !r.spent() })
}
