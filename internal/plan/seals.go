package plan

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Sealed is something that a stack itself keeps sealed under a KMS key: its state, a past one, its fingerprint key. A key that
// dies must not take along the state that knows it.
type Sealed struct {
	What    string // "the state of serial 7"
	Key     string // the key's id; "" = not known
	Alias   string // the name by which the key is used; "" = by its id
	Gateway string // of the alias: gateway block's name
}

// checkSeals refuses to take the key that seals this stack's own state out of use, and the alias by which it is used.
func (p *planner) checkSeals() {
	for _, n := range p.order {
		switch {
		case n.refused || n.change.ID == "" || safety.Off(safety.PlanSealsState):
		case n.change.Kind == KindKey && n.takesOutOfUse():
			if what := p.sealedUnder(n.change.ID); len(what) > 0 {
				p.refuseSealing(n, what)
			}
		case n.change.Kind == KindAlias && n.change.Needs("DeleteAlias"):
			p.checkSealingAlias(n)
		}
	}
}

func (p *planner) sealedUnder(key string) (what []string) {
	for _, s := range p.in.Sealed {
		if s.Key == key {
			what = append(what, s.What)
		}
	}
	return what
}

func (p *planner) refuseSealing(n *node, what []string) {
	taken := "disabled"
	if n.change.Needs("ScheduleKeyDeletion") {
		taken = "scheduled for deletion"
	}
	keep := "To keep the key, leave it enabled."
	if n.change.Action == Retire {
		keep = "To keep the key, take the removed block out and put the key's block back."
	}
	p.refuseObject(n, GuardSealsState,
		fmt.Sprintf("%s (%s) would be %s, and this stack's own state is sealed under it: %s. Nothing could read it any more.", n.addr, n.change.ID, taken, strings.Join(what, "; ")),
		"Name another key in the encryption block, and seal the state under it with `kmsplan init -migrate-state`. The states that are kept stay under the old key until ten others have followed; `kmsplan state history` shows the key of each.",
		keep)
}

// checkSealingAlias guards the name under which the next state will be sealed.
func (p *planner) checkSealingAlias(n *node) {
	for _, s := range p.in.Sealed {
		if s.Alias != n.change.ID || s.Gateway != n.gateway && (n.live == nil || s.Key == "" || n.live.Aliases[s.Alias] != s.Key) {
			continue
		}
		ways := []string{"Leave the alias as it is: put its block back."}
		if s.Key != "" {
			ways = append([]string{fmt.Sprintf("Name the key by its id in the encryption block: key = %q", s.Key)}, ways...)
		}
		if n.block == nil {
			ways = append(ways, "To let kmsplan forget it and leave it as it is, add:"+removedText(n.addr.String(), "forget"))
		} else {
			ways = append(ways, fmt.Sprintf("Or leave the block's name at %s.", s.Alias))
		}
		p.refuseObject(n, GuardSealsState,
			fmt.Sprintf("%s (%s) would be deleted, and by that name the encryption block finds the key that seals this stack's own state. The next state could not be sealed.", n.addr, s.Alias), ways...)
		return
	}
}
