package plan

import (
	"fmt"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// The steps of a retirement that state records.
const (
	RetireDisabled  = "disabled"
	RetireScheduled = "scheduled"
)

// planRemovals decides on what state holds and configuration no longer
// declares.
func (p *planner) planRemovals() {
	first := len(p.order)
	for i := range p.in.State.Resources {
		r := &p.in.State.Resources[i]
		a := p.addrs[i]
		if a.Kind != "" && p.nodes[a] == nil && p.prior[a] == r {
			p.planRemoval(a, r)
			p.request(p.nodes[a])
		}
	}
	removals := p.order[first:]
	slices.SortStableFunc(removals, func(a, b *node) int { return removalRank(a.change.Kind) - removalRank(b.change.Kind) })
}

// removalRank puts what uses a key before the key; what this version does not know is last.
func removalRank(name string) int {
	if k := kind.Lookup(name, false); k != nil {
		return k.RemovalRank
	}
	return len(kind.Kinds())
}

func (p *planner) planRemoval(a addr.Address, r *state.Resource) {
	n := &node{addr: a, gateway: r.Gateway, live: p.in.Live.Gateways[r.Gateway], prior: r, removed: p.in.Config.RemovedFor(a)}
	n.change = Change{
		Addr: a, Kind: r.Kind, Gateway: r.Gateway, ID: r.ID, Protected: r.Protected, MovedFrom: p.movedTo[a],
	}
	p.nodes[a] = n
	p.order = append(p.order, n)
	if p.released[a] {
		n.change.Action, n.change.Reason = Forget, "the alias is held by another block now"
		n.change.DependsOn = append(n.change.DependsOn, p.claimed[objectID{r.Gateway, r.Kind, r.ID}])
		return
	}
	n.object = n.live.object(r.Kind, r.ID)
	n.facts = Facts{Kind: r.Kind, Desired: desiredRemoval(r, n.removed), Known: true, Live: presence(n.object)}
	n.verdict = Decide(n.facts)
	if n.live == nil && n.looked() {
		p.unread(n)
		return
	}
	if n.verdict.Guard != "" || p.elsewhere(n) {
		return // a guard says why
	}
	n.change.Action = n.verdict.Action
	p.planStep(n)
}

// desiredRemoval reads what configuration says about an object without a
// block. A kind that this version does not know is guarded whatever state says.
func desiredRemoval(r *state.Resource, removed *hcl.Removed) Desired {
	switch {
	case removed != nil && removed.Action == hcl.TearDown:
		return TornDown
	case removed != nil && removed.Action == "retire":
		return ToRetire
	case removed != nil && removed.Action == "delete":
		return ToDelete
	case removed != nil:
		return ToForget
	case (r.Protected || kind.Lookup(r.Kind, false) == nil) && !safety.Off(safety.PlanVanished):
		return Vanished
	}
	return Unprotected
}

// planStep fills the calls of a retirement, a deletion, or a forgetting.
func (p *planner) planStep(n *node) {
	c := &n.change
	switch c.Action {
	case Retire:
		p.planRetirement(n)
	case Delete:
		c.PreImage = PreImageOf(n.object)
		planningOf(c.Kind).delete(p, n)
	case NoOp:
		c.Reason = fmt.Sprintf("retired; KMS deletes it on %s, until then declaring it again rescues it", day(n.object.DeleteAt))
	case Forget:
		c.Reason = p.forgetReason(n)
	}
}

func (p *planner) forgetReason(n *node) string {
	switch {
	case n.change.Kind == KindRotation:
		return "the " + n.rotatedWord() + " keep rotating as they do"
	case n.object == nil && n.live != nil:
		return "it no longer exists"
	case n.object.Dying():
		return fmt.Sprintf("it waits for deletion, on %s", day(n.object.DeleteAt))
	case n.removed == nil:
		return "its block is gone and prevent_destroy was false; the object stays as it is"
	}
	return "the object stays as it is"
}

// planRetirement plans one step: disable, wait, then schedule the deletion. Each
// is reversible until the window ends, and each apply takes one.
func (p *planner) planRetirement(n *node) {
	c := &n.change
	c.PreImage = PreImageOf(n.object)
	enabled, waiting := n.object.State == StateEnabled, n.object.State == StatePendingImport
	switch {
	case enabled && n.prior.Retire == RetireDisabled:
		c.Calls, c.Reason = []string{"DisableKey"}, "it was enabled again; it is disabled and the soak starts over"
	case enabled:
		c.Calls = []string{"DisableKey"}
		c.Reason = fmt.Sprintf("step 1 of 2: disable, then soak for %d days", n.removed.SoakDays)
	case n.prior.Retire == "" && !waiting:
		c.Reason = fmt.Sprintf("step 1 of 2: it is disabled already; soak for %d days", n.removed.SoakDays)
	default:
		p.planScheduling(n)
	}
}

func (p *planner) planScheduling(n *node) {
	c := &n.change
	ends := n.prior.RetiredAt.Add(time.Duration(n.removed.SoakDays) * 24 * time.Hour)
	if n.prior.Retire != "" && p.in.Now.Before(ends) && !safety.Off(safety.PlanSoak) {
		c.Action, c.PreImage = NoOp, nil
		c.Reason = "disabled; it soaks until " + day(ends)
		return
	}
	if truth(n.object.Attrs["deletion_protection"]) {
		c.Calls = append(c.Calls, "SetDeletionProtection")
	}
	c.Calls = append(c.Calls, "ScheduleKeyDeletion")
	c.Reason = fmt.Sprintf("step 2 of 2: schedule its deletion in %d days", n.removed.WindowDays)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }
