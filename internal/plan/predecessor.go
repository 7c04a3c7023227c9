package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// planPredecessors decides on the keys that others took the place of: each is kept usable while something needs it,
// rescued if somebody else schedules its deletion, and retired where a removed block says so.
func (p *planner) planPredecessors() {
	var users map[objectID][]user // built for the first of them
	for i := range p.in.State.Resources {
		r, a := &p.in.State.Resources[i], p.addrs[i]
		if len(r.Predecessors) == 0 || r.Kind != KindKey || a.Kind == "" || p.prior[a] != r || p.nodes[a] == nil {
			continue
		}
		if users == nil {
			users = p.users()
		}
		for _, was := range r.Predecessors {
			p.planPredecessor(p.nodes[a], r, was, users[objectID{r.Gateway, KindKey, was.ID}])
		}
	}
}

func (p *planner) planPredecessor(of *node, r *state.Resource, was state.Predecessor, users []user) {
	n := &node{
		addr: addr.Predecessor(of.addr, was.ID), of: of, gateway: r.Gateway, live: p.in.Live.Gateways[r.Gateway], prior: r.Predecessor(was.ID),
	}
	n.removed = p.in.Config.RemovedFor(n.addr)
	n.change = Change{Addr: n.addr, Kind: KindKey, Gateway: r.Gateway, ID: was.ID, Action: NoOp, Protected: true}
	n.users = users
	for _, u := range users {
		n.change.NeededBy = append(n.change.NeededBy, u.name)
	}
	goesWith := of.change.Action == Forget && (of.facts.Desired == ToForget || of.facts.Desired == Unprotected)
	if of.unread || n.live == nil || goesWith || p.elsewhere(of) {
		return // its successor says why
	}
	p.nodes[n.addr] = n
	p.order = append(p.order, n)
	n.object = n.live.object(KindKey, was.ID)
	n.facts = Facts{Kind: KindPredecessor, Desired: desiredPredecessor(n), Known: true, Live: presence(n.object), Needed: len(users) > 0}
	n.verdict = Decide(n.facts)
	n.change.Action = n.verdict.Action
	p.orderPredecessor(of, n)
	p.planPredecessorCalls(n, was)
}

func desiredPredecessor(n *node) Desired {
	if n.removed == nil {
		return Declared
	}
	return desiredRemoval(n.prior, n.removed)
}

// orderPredecessor makes what takes a predecessor away wait for what leaves it, and what takes its successor away wait for it.
func (p *planner) orderPredecessor(of, n *node) {
	if of.block == nil {
		of.change.DependsOn = append(slices.Clone(of.change.DependsOn), n.addr)
		return
	}
	n.change.DependsOn = []addr.Address{of.addr}
}

func (p *planner) planPredecessorCalls(n *node, was state.Predecessor) {
	c := &n.change
	switch c.Action {
	case Rescue:
		n.rescue("CancelKeyDeletion")
		c.Reason = fmt.Sprintf("a predecessor of %s waits for deletion (%s), and %s", n.of.addr, p.timeLeft(n.object.DeleteAt), needed(c.NeededBy))
	case Retire, Delete:
		p.planStep(n)
	case Forget:
		c.Reason = p.forgetReason(n)
	case NoOp:
		p.keepPredecessor(n, was)
	}
}

// keepPredecessor says why a predecessor stays, and enables one that is disabled and needed.
func (p *planner) keepPredecessor(n *node, was state.Predecessor) {
	c := &n.change
	switch {
	case n.object == nil:
		c.Reason = fmt.Sprintf("a predecessor of %s, which no longer exists; %s", n.of.addr, needed(c.NeededBy))
		p.stands(n.addr, "A predecessor is lost", fmt.Sprintf(
			"KMS says that %s does not exist, and %s: %s. Nothing can decrypt them. Encrypt their sources anew, or let kmsplan forget the key with:%s",
			was.ID, needed(c.NeededBy), strings.Join(listed(c.NeededBy), "; "), removedText(n.addr.String(), "forget")))
	case n.object.Dying():
		c.Reason = fmt.Sprintf("a predecessor of %s that nothing needs; KMS deletes it on %s", n.of.addr, day(n.object.DeleteAt))
	case n.object.State == StateDisabled && n.facts.Needed && n.enabledSuccessor():
		c.Action, c.Calls, c.PreImage = Update, []string{"EnableKey"}, PreImageOf(n.object)
		n.enabledDiff(false, cty.True)
		c.Reason = fmt.Sprintf("a predecessor of %s is disabled, and %s", n.of.addr, needed(c.NeededBy))
	case n.facts.Needed:
		c.Reason = fmt.Sprintf("a predecessor of %s, kept for decryption: %s", n.of.addr, needed(c.NeededBy))
	default:
		c.Reason = fmt.Sprintf("a predecessor of %s that nothing recorded needs any more; a removed block retires it", n.of.addr)
	}
}

// enabledSuccessor reports whether the block does not ask for a disabled key.
func (n *node) enabledSuccessor() bool {
	return n.of.block == nil || !n.of.change.Needs("DisableKey") && (n.of.object == nil || n.of.object.State != StateDisabled)
}

// needed counts what needs a key: "3 objects still need it".
func needed(by []string) string {
	return fmt.Sprintf("%d %s", len(by), plural(len(by), "object still needs it", "objects still need it"))
}

// checkPredecessors refuses to retire a key while predecessors of it are left: what the state has of them would go with it.
func (p *planner) checkPredecessors(n *node) {
	if n.block != nil || n.of != nil || n.prior == nil || n.change.Kind != KindKey || p.tearsDown(n) {
		return
	}
	left := slices.DeleteFunc(slices.Clone(n.prior.Predecessors), func(was state.Predecessor) bool {
		d := p.nodes[addr.Predecessor(n.addr, was.ID)]
		return d == nil || d.change.Action == Forget
	})
	if safety.Off(safety.PredecessorsFirst) {
		return
	}
	ends := n.change.Action == Retire || n.change.Action == Forget && n.object == nil
	if len(left) == 0 || !ends {
		return
	}
	n.hold()
	if !slices.ContainsFunc(left, func(was state.Predecessor) bool { return p.nodes[addr.Predecessor(n.addr, was.ID)].removed == nil }) {
		n.change.Reason = fmt.Sprintf("it waits for the end of %d %s", len(left), plural(len(left), "predecessor", "predecessors"))
		return
	}
	ids := make([]string, len(left))
	for i, was := range left {
		ids[i] = was.ID
	}
	ways := []string{
		"Retire them as well; this key waits until they are gone:" + removedText(addr.Predecessor(n.addr, "").Block().String(), "retire"),
		"To let kmsplan forget the key with them, and leave all as it is, write action = \"forget\" in its removed block.",
	}
	p.refuseObject(n, GuardPredecessors,
		fmt.Sprintf("%s (%s) succeeded %s, and what the state has of that would go with it.", n.addr, n.change.ID, strings.Join(listed(ids), ", ")), ways...)
}

func (n *node) usedBy(kind string) bool {
	return slices.ContainsFunc(n.users, func(u user) bool { return u.kind == kind })
}
