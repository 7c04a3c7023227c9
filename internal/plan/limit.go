package plan

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	defaultDeletions    = 0  // keys retired and secrets deleted in one plan
	defaultDeletedShare = 30 // percent of managed objects
	// shareFrom is the size of a stack from which the share counts: below it, one
	// alias less would be a third of everything.
	shareFrom = 10
)

// checkLimits refuses a plan that takes more away than kmsplan { limits { … } }
// allows.
func (p *planner) checkLimits() {
	limits := p.in.Config.Settings.Limits
	var deletions, moves []string
	gone := 0
	for _, n := range p.order {
		c := &n.change
		if p.tearsDown(n) {
			continue
		}
		if c.Action.Destructive() && !p.in.Config.Destroys {
			gone++
		}
		switch {
		case c.Action == Retire, c.Action == Delete && (c.Kind == KindSecret || c.Kind == KindAccessPoint):
			deletions = append(deletions, c.Addr.String())
		case c.Needs("UpdateAlias"):
			moves = append(moves, c.Addr.String())
		}
	}
	p.limit("deletions", orDefault(limits.Deletions, defaultDeletions), deletions, "retire keys, or delete secrets or access points")
	p.limit("alias_moves", orDefault(limits.AliasMoves, len(moves)), moves, "point aliases at other keys")
	p.limitShare(gone, orDefault(limits.DeletedShare, defaultDeletedShare))
}

func (p *planner) limit(name string, most int, addresses []string, what string) {
	if len(addresses) <= most || safety.Off(safety.PlanLimits) {
		return
	}
	p.refuse(GuardTooMany, addr.Address{},
		fmt.Sprintf("This plan would %s %d times, and the limit is %d: %s.", what, len(addresses), most, strings.Join(listed(addresses), ", ")),
		"If that is what you want, write for this apply:"+limitText(name, len(addresses)),
		"Otherwise put the blocks back as they were, or split the change into several applies.")
}

// listed is a list of a length that can be read.
func listed(addresses []string) []string {
	if len(addresses) <= maxListedUsers {
		return addresses
	}
	return append(addresses[:maxListedUsers:maxListedUsers], fmt.Sprintf("and %d more", len(addresses)-maxListedUsers))
}

func (p *planner) limitShare(gone, percent int) {
	total := len(p.in.State.Resources)
	if total < shareFrom || gone*100 <= percent*total {
		return
	}
	p.refuse(GuardTooMany, addr.Address{},
		fmt.Sprintf("This plan would remove %d of %d managed objects, more than %d %%. That is more often a wrong directory, variable or workspace than a wish.", gone, total, percent),
		"Check that this is the right configuration for this state.",
		"If it is what you want, write for this apply:"+limitText("deleted_share", (gone*100+total-1)/total))
}

func orDefault(v *int, def int) int {
	if v != nil {
		return *v
	}
	return def
}
