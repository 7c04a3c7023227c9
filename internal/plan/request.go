package plan

import (
	"fmt"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// Act is what a person asks of one object beside what its block says.
type Act string

// The acts.
const (
	ActRotate   Act = "rotate"   // a key: a new version now; a secret: a fresh value, made by who makes its values
	ActRescue   Act = "rescue"   // out of the deletion window, and nothing else
	ActPut      Act = "put"      // a secret: a value given by hand becomes the current version
	ActPromote  Act = "promote"  // a secret: a version that is named becomes the current one
	ActRollback Act = "rollback" // a secret: the previous version becomes the current one
	ActImport   Act = "import"   // a key: material that is given by hand, or that its block names, is imported
)

// Request is one act on one object. A plan of asks is about those objects alone: what else differs about them, and about
// all others, stays as it is. The guards hold.
type Request struct {
	Addr    addr.Address
	Act     Act
	Version string // of ActPromote
	Import  Import // of ActImport
}

// request puts what was asked for in the place of what was decided about an object.
func (p *planner) request(n *node) {
	i := slices.IndexFunc(p.in.Requests, func(a Request) bool { return a.Addr == n.addr })
	if i < 0 {
		return
	}
	n.asked = &p.in.Requests[i]
	switch {
	case n.unread: // narrow says so
	case p.elsewhere(n): // a guard says why
	case n.asked.Act == ActRescue:
		p.askRescue(n)
	case n.verdict.Guard != "" || n.conflict.Kind != "":
		// a guard says why
	case p.settled(n):
		n.forgetDecision()
		p.requestOne(n)
	}
}

// requestOne plans an act on an object that is there, managed and alive.
func (p *planner) requestOne(n *node) {
	switch {
	case n.change.Kind == KindKey && n.asked.Act == ActRotate:
		p.askRotation(n)
	case n.change.Kind == KindKey && n.asked.Act == ActImport:
		p.askImport(n)
	case n.change.Kind == KindSecret:
		p.askSecret(n)
	default:
		p.impossible(n, fmt.Sprintf("%s is a %s, and %s is nothing that can be asked of one.", n.addr, n.change.Kind, n.asked.Act),
			"Name a key or a secret.", "See `kmsplan state list` for what this stack has.")
	}
}

// settled reports whether an object is one that something can be asked of; otherwise it is refused, with what to do first.
func (p *planner) settled(n *node) bool {
	first := "Run `kmsplan apply` first, which brings it into being."
	switch {
	case n.object == nil, n.prior == nil:
		p.impossible(n, fmt.Sprintf("%s is not an object of this stack yet.", n.addr), first, "See `kmsplan state list` for what this stack has.")
	case n.object.Dying():
		p.impossible(n, fmt.Sprintf("%s (%s) waits for deletion.", n.addr, n.object.ID),
			fmt.Sprintf("Run `kmsplan rescue '%s'` first, which takes it out of its deletion window.", n.addr), "Or leave it as it is.")
	case n.block == nil:
		p.impossible(n, fmt.Sprintf("%s has no block any more, and is on its way out.", n.addr),
			"Put its block back in the place of the removed block, and apply.", "Or leave it as it is.")
	default:
		return true
	}
	return false
}

// forgetDecision takes back what the block would have had done.
func (n *node) forgetDecision() {
	c := &n.change
	c.Action, c.Calls, c.Diff, c.Reason, c.TakenFrom, c.DependsOn = NoOp, nil, nil, "", "", nil
	c.PreImage = PreImageOf(n.object)
	n.immutable, n.needs, n.needsSecret, n.nowhere, n.disabled = nil, nil, nil, nil, nil
	n.foreign, n.noVersion, n.otherMaterial = "", nil, false
	c.Promoted = ""
}

// askRescue plans the way out of a deletion window, whatever else a guard has to say about the object.
func (p *planner) askRescue(n *node) {
	n.verdict.Guard, n.conflict = "", addr.Address{}
	c := &n.change
	if n.object == nil {
		p.impossible(n, fmt.Sprintf("There is nothing to rescue of %s: KMS has no such object.", n.addr),
			"Look for it with `kmsplan rescue`, which lists what waits for deletion.", "If it was never made, run `kmsplan apply`.")
		return
	}
	n.forgetDecision()
	if !n.object.Dying() {
		c.PreImage, c.Reason = nil, "it does not wait for deletion"
		return
	}
	c.ID = n.object.ID
	call := "CancelKeyDeletion"
	if c.Kind == KindSecret {
		call = "RestoreSecret"
	}
	c.Action = Rescue
	n.rescue(call)
	c.Reason = fmt.Sprintf("the %s waits for deletion (%s)", c.Kind, p.timeLeft(n.object.DeleteAt))
	if n.block == nil {
		p.then("%s has no block: what its removed block says is done again by the next apply; take that out, or put the block back", n.addr)
	}
}

// asks makes the change one call with what it changes.
func (n *node) asks(call, reason string, diff ...AttrDiff) {
	c := &n.change
	c.Action, c.Asked, c.Calls, c.Reason, c.Diff = Update, n.asked, []string{call}, reason, diff
}

// impossible refuses what was asked, because the object or KMS cannot do it.
func (p *planner) impossible(n *node, reason string, ways ...string) {
	n.hold()
	n.change.Diff, n.immutable = nil, nil
	p.refuseObject(n, GuardImpossible, reason, ways...)
}

// narrowToAsked keeps the objects that something is asked of.
func (p *planner) narrowToAsked() {
	p.wanted = map[addr.Address]bool{}
	kept := p.order[:0]
	for _, n := range p.order {
		if n.asked == nil {
			continue
		}
		if n.unread && !p.astray(n) {
			p.refuseUnreadGateway(n)
		}
		p.wanted[n.addr] = true
		kept = append(kept, n)
	}
	names := p.addresses()
	p.order = kept
	for _, a := range p.in.Requests {
		if !p.wanted[a.Addr] {
			p.diags = p.diags.Append(&hclv2.Diagnostic{
				Severity: hclv2.DiagError, Summary: "No such object",
				Detail: fmt.Sprintf("Neither the configuration nor the state has an object %s%s.", a.Addr, suggest.Clause(a.Addr.String(), names)),
			})
		}
	}
}

// planAskedOutputs plans the root outputs that what was asked for may change. Others stay as they are.
func (p *planner) planAskedOutputs() {
	all := p.plan.Outputs
	p.planOutputs()
	p.plan.Outputs = slices.DeleteFunc(p.plan.Outputs, func(o OutputChange) bool {
		return !slices.ContainsFunc(p.in.Config.OutputReach(o.Name), func(a addr.Address) bool { return p.wanted[a] })
	})
	p.plan.Outputs = append(all, p.plan.Outputs...)
	p.plan.SteadyOutputs = nil
}

// then notes what follows of what was asked for, for whoever asked.
func (p *planner) then(format string, args ...any) {
	p.plan.Then = append(p.plan.Then, fmt.Sprintf(format, args...))
}

func unknownText() cty.Value { return cty.UnknownVal(cty.String) }
