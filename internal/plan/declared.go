package plan

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
)

// planDeclared decides on one declared instance: facts, verdict, then what the
// verdict means for the kind.
func (p *planner) planDeclared(n *node) {
	if n.live == nil {
		p.unread(n)
		return
	}
	n.facts = p.factsOf(n)
	n.verdict = Decide(n.facts)
	if n.verdict.Guard != "" || p.elsewhere(n) || n.object != nil && !n.gave && !p.claim(n, n.object.ID) {
		return // a guard says why
	}
	n.change.Action = n.verdict.Action
	if n.object != nil {
		n.change.ID = n.object.ID
		p.takeOwner(n)
	}
	planningOf(n.block.Kind.Name).plan(p, n)
	if c := &n.change; len(c.Calls) > 0 && n.object != nil && c.PreImage == nil {
		c.PreImage = PreImageOf(n.object)
	}
	p.explain(n, n.facts)
}

// factsOf reads the three columns of the truth table and finds the live object.
func (p *planner) factsOf(n *node) Facts {
	f := Facts{Kind: n.block.Kind.Name, Known: n.prior != nil}
	im, imported := p.in.Config.ImportOf(n.addr)
	switch {
	case n.prior != nil:
		n.object = n.live.object(f.Kind, n.prior.ID)
		f.Live = presence(n.object)
		n.gave = f.Kind == KindAlias && n.object != nil && p.gaveAway(n)
		if f.Kind == KindAlias && n.object == nil {
			f.Live = p.findAlias(n) // a rename that gave the old name away, and then stopped
		}
		f.Generated = f.Kind == KindSecret && n.generates()
	case imported:
		f.Desired = Imported
		n.object = n.live.object(f.Kind, im.ID)
		f.Live = presence(n.object)
		if n.block.Kind.OnlyRecorded {
			f.Live = planningOf(f.Kind).find(p, n)
		}
	default:
		f.Live = planningOf(f.Kind).find(p, n)
	}
	return f
}

// renames reports whether an import id is the name an alias is about to get.
func (p *planner) renames(n *node, id string) bool {
	return n.block.Kind.Name == KindAlias && text(n.body.Attrs["name"]) == id
}

func presence(o *Object) Presence {
	switch {
	case o == nil:
		return Absent
	case o.Dying():
		return Dying
	}
	return Alive
}

// claim notes that an address holds a live object; false for the second address that wants it.
func (p *planner) claim(n *node, id string) bool {
	key := objectID{n.gateway, n.block.Kind.Name, id}
	if other, taken := p.claimed[key]; taken && other != n.addr {
		n.conflict, n.wants = other, id
		return false
	}
	p.claimed[key] = n.addr
	if n.prior != nil && n.prior.ID == id {
		return true
	}
	if holder, ok := p.holder[key]; ok && holder != n.addr {
		return p.takeOver(n, holder, id)
	}
	return true
}

// checkImport refuses an import block that names another object than the address holds.
func (p *planner) checkImport(n *node) {
	im, imported := p.in.Config.ImportOf(n.addr)
	if !imported || n.prior == nil || n.prior.ID == im.ID || p.renames(n, im.ID) || n.block.Kind.OnlyRecorded {
		return
	}
	n.hold()
	p.refuseObject(n, GuardAlreadyManaged,
		fmt.Sprintf("The import block names %s, but %s already holds %s.", im.ID, n.addr, n.prior.ID),
		"Remove the import block: the object is managed already.",
		fmt.Sprintf("To let go of %s first, run `kmsplan state rm '%s'` and plan again.", n.prior.ID, n.addr))
}

// takeOver lets a declared alias have an object that state holds under an
// address without a block: the block was renamed. For keys and secrets a moved
// block must say so, because the guard of the old address holds.
func (p *planner) takeOver(n *node, holder addr.Address, id string) bool {
	if n.block.Kind.Name == KindAlias && !p.in.Config.Declares(holder) && !p.prior[holder].Protected {
		p.released[holder] = true
		return true
	}
	n.conflict, n.wants = holder, id
	return false
}

// explain writes the change's one clause for people where the kind's planner
// has not.
func (p *planner) explain(n *node, f Facts) {
	c := &n.change
	if c.Reason != "" {
		return
	}
	switch c.Action {
	case Adopt:
		c.Reason = p.whyAdopted(n, f)
	case Rescue:
		c.Reason = fmt.Sprintf("the %s waits for deletion (%s)", c.Kind, p.timeLeft(n.object.DeleteAt))
	case NoOp, Update:
		if c.Action == Update && c.OnlyMoves() {
			c.Reason = fmt.Sprintf("its tag %s is set anew", TagAddress)
		}
	}
}

func (p *planner) whyAdopted(n *node, f Facts) string {
	holder, held := p.holder[objectID{n.gateway, n.change.Kind, n.object.ID}]
	switch {
	case f.Desired == Imported:
		if im, _ := p.in.Config.ImportOf(n.addr); im.Range.Filename == "" {
			return "it exists"
		}
		return "an import block names it"
	case held:
		return fmt.Sprintf("%s held it", holder)
	case f.Kind == KindAlias:
		return "it exists and already points there"
	}
	return "it exists and its tags say that this stack created it"
}

// timeLeft renders how long an object can still be rescued.
func (p *planner) timeLeft(at time.Time) string { return TimeLeft(at, p.in.Now) }
