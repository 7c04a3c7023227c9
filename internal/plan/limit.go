package plan

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// shareFrom is the size from which a share counts that nobody wrote: below it, one alias less would be a third of
// everything.
const shareFrom = 10

// limit is one thing of which a plan does only so much: as a number, as a share, or as both.
type limit struct {
	count  string // the argument with the number, or ""
	share  string // the argument with the share, in percent, or ""
	of     string // the kind of which it is a share; "" = all managed objects
	what   string // in words, after "This plan would"
	counts func(*planner, *node) bool
}

// limits are what kmsplan { limits { … } } may hold; kind.Limits has their defaults.
var limits = [...]limit{
	{count: "deletions", what: "retire keys, or delete secrets, access points or client keys", counts: func(_ *planner, n *node) bool {
		return n.change.Action == Retire || n.change.Action == Delete && !lesser(n)
	}},
	{count: "removals", what: "delete aliases, network rules or access policies", counts: func(_ *planner, n *node) bool {
		return n.change.Action == Delete && lesser(n)
	}},
	{share: "deleted_share", what: "remove", counts: func(p *planner, n *node) bool {
		return n.change.Action.Destructive() && !p.in.Config.Destroys
	}},
	{count: "alias_moves", share: "alias_moves_share", of: KindAlias, what: "point aliases at other keys", counts: func(_ *planner, n *node) bool {
		return n.change.Action != Retire && n.change.Action != Delete && n.change.Needs("UpdateAlias")
	}},
	{count: "disables", share: "disabled_share", of: KindKey, what: "disable keys", counts: func(_ *planner, n *node) bool {
		return n.change.Action != Retire && n.prior != nil && n.change.Needs("DisableKey")
	}},
	{count: "forgets", share: "forgotten_share", what: "forget objects that exist", counts: func(p *planner, n *node) bool {
		return n.change.Action == Forget && !p.in.Config.Destroys && !p.released[n.addr] && (n.removed != nil || n.object != nil)
	}},
	{count: "changes", share: "changed_share", what: "change objects in place", counts: func(_ *planner, n *node) bool {
		return n.change.Action == Update
	}},
}

// lesser reports whether an object can be made again as it was by its block alone.
func lesser(n *node) bool {
	return n.change.Kind != KindSecret && n.change.Kind != KindAccessPoint && n.change.Kind != KindClientKey
}

// checkLimits refuses a plan that takes more away than kmsplan { limits { … } } allows.
func (p *planner) checkLimits() {
	for i := range limits {
		l := &limits[i]
		var met []string
		for _, n := range p.order {
			if !p.tearsDown(n) && l.counts(p, n) {
				met = append(met, n.change.Addr.String())
			}
		}
		if len(met) == 0 || safety.Off(safety.PlanLimits) {
			continue
		}
		p.limitNumber(l, met)
		p.limitShare(l, met)
	}
}

func (p *planner) limitNumber(l *limit, met []string) {
	most, _, limited := p.allowed(l.count)
	if !limited || len(met) <= most {
		return
	}
	p.refuse(GuardTooMany, addr.Address{},
		fmt.Sprintf("This plan would %s %d times, and the limit is %d: %s.", l.what, len(met), most, strings.Join(listed(met), ", ")),
		"If that is what you want, write for this apply:"+limitText(l.count, len(met)),
		otherwise)
}

func (p *planner) limitShare(l *limit, met []string) {
	percent, written, limited := p.allowed(l.share)
	total := p.held(l.of)
	if !limited || !written && total < shareFrom || len(met)*100 <= percent*total {
		return
	}
	what := fmt.Sprintf("This plan would %s: %d of the %d that are managed, more than %d %%.", l.what, len(met), total, percent)
	if l.of == "" {
		what = fmt.Sprintf("This plan would %s: %d of %d managed objects, more than %d %%. That is more often a wrong directory, variable or workspace than a wish.", l.what, len(met), total, percent)
	}
	p.refuse(GuardTooMany, addr.Address{}, what,
		"Check that this is the right configuration for this state.",
		"If it is what you want, write for this apply:"+limitText(l.share, (len(met)*100+total-1)/max(total, 1)),
		otherwise)
}

const otherwise = "Otherwise put the blocks back as they were, or split the change into several applies."

// allowed is what a limit allows: as it is written, or else by default.
func (p *planner) allowed(name string) (most int, written, limited bool) {
	if most, written = p.in.Config.Settings.Limits[name]; written {
		return most, true, true
	}
	most, limited = kind.LimitDefaults[name]
	return most, false, limited
}

// held is how many objects of a kind the state holds; "" = of all kinds.
func (p *planner) held(of string) (total int) {
	for i := range p.in.State.Resources {
		if of == "" || p.in.State.Resources[i].Kind == of {
			total++
		}
	}
	return total
}

// listed is a list of a length that can be read.
func listed(addresses []string) []string {
	if len(addresses) <= maxListedUsers {
		return addresses
	}
	return append(addresses[:maxListedUsers:maxListedUsers], fmt.Sprintf("and %d more", len(addresses)-maxListedUsers))
}
