package plan

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Reading is how much of the service a plan looks at: what it does not, it takes from the state.
type Reading int

// The readings.
const (
	ReadFull    Reading = iota // every object that is managed or declared, in full
	ReadList                   // existence, key states, aliases, tags and secrets, by pages; what is not in the lists is read in full
	ReadNothing                // the state is taken for the truth
)

// String is the reading as -refresh has it.
func (r Reading) String() string {
	return [...]string{"true", "list", "false"}[r]
}

// ParseReading reads what -refresh says.
func ParseReading(text string) (Reading, error) {
	switch text {
	case "true", "full", "":
		return ReadFull, nil
	case "list":
		return ReadList, nil
	case "false":
		return ReadNothing, nil
	}
	return ReadFull, fmt.Errorf("-refresh is true or full, list, or false, and not %q", text)
}

// Unread says what a reading leaves out; "" = nothing.
func (r Reading) Unread() string {
	switch r {
	case ReadList:
		return "Only lists were read: which objects exist, the states of keys, aliases, tags and secrets' names. Descriptions, protection, rotation, policies and secrets' versions are taken from the state as the last apply left them, so that their drift is not seen."
	case ReadNothing:
		return "The service was not read: everything is taken from the state as the last apply left it. Drift, keys that wait for deletion, names that others took and objects that are gone are not seen."
	}
	return ""
}

// reportReading says in words what was not read.
func (p *planner) reportReading() {
	p.plan.Reading = p.in.Reading
	if text := p.in.Reading.Unread(); text != "" {
		p.warn(addr.Address{}, "Not everything was read", text+" Apply reads everything, and does nothing that is different then.")
	}
}

// checkReading refuses to take anything away on the word of the state alone.
func (p *planner) checkReading() {
	if p.in.Reading == ReadFull || safety.Off(safety.PlanReading) {
		return
	}
	var taken []string
	for _, n := range p.order {
		if !n.refused && (n.change.Action.Destructive() || n.object != nil && n.takesOutOfUse() || n.change.Needs("DeleteAlias")) {
			taken = append(taken, n.addr.String())
		}
	}
	if len(taken) == 0 {
		return
	}
	p.refuse(GuardNotRead, addr.Address{},
		fmt.Sprintf("This plan would take something away, and -refresh=%s left out what decides about that: %s.", p.in.Reading, strings.Join(listed(taken), ", ")),
		"Plan again without -refresh: everything is read then.",
		"To plan the rest quickly, leave these out with -exclude.")
}
