package plan

import (
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// maxStrays bounds how many strays a plan lists one by one; the number is always given.
const maxStrays = 20

// owner is whose an object is by its own tags, when it is another stack's: lineage and address. An alias
// carries no tags and is its key's; one that state holds is this stack's, whatever it points to.
func (p *planner) owner(n *node) (lineage, address string) {
	o := n.object
	if o != nil && n.change.Kind == KindAlias {
		if n.prior != nil {
			return "", ""
		}
		return p.ownerOfKey(n.live, text(o.Attrs["key"]))
	}
	if o == nil {
		return "", ""
	}
	return p.foreignTags(o.Tags)
}

func (p *planner) foreignTags(tags map[string]string) (lineage, address string) {
	if l := tags[TagOwner]; l != p.in.State.Lineage {
		return l, TaggedAddress(tags[TagAddress])
	}
	return "", ""
}

// ownerOfKey looks a key up that need not have been read in full.
func (p *planner) ownerOfKey(live *LiveGateway, id string) (lineage, address string) {
	if o := live.object(KindKey, id); o != nil {
		return p.foreignTags(o.Tags)
	}
	for _, c := range live.Claims {
		if c.Kind == KindKey && c.ID == id && c.Owner != p.in.State.Lineage {
			return c.Owner, TaggedAddress(c.Address)
		}
	}
	return "", ""
}

// takeOwner notes that an import block takes an object over from another stack, in words.
func (p *planner) takeOwner(n *node) {
	im, _ := p.in.Config.ImportOf(n.addr)
	if l, _ := p.owner(n); l != "" && l == im.TakeOver && n.change.Kind != KindAlias {
		n.change.TakenFrom = l
		if n.change.Reason == "" {
			n.change.Reason = fmt.Sprintf("taken over from the stack of lineage %s", l)
		}
	}
}

// checkOwner refuses to take or change an object that carries another stack's ownership tag. One that
// state knows and that would be left as it is was taken over by that stack, which is said.
func (p *planner) checkOwner(n *node) {
	if n.change.Kind == KindRotation {
		p.checkRotatedOwners(n)
		return
	}
	lineage, address := p.owner(n)
	im, _ := p.in.Config.ImportOf(n.addr)
	if lineage == "" || lineage == im.TakeOver || n.change.Action == Forget || safety.Off(safety.PlanOwner) {
		return
	}
	whose := fmt.Sprintf("%s carries the tags of another stack: lineage %s, address %s.", n.object.ID, lineage, orNothing(address))
	if n.change.Kind == KindAlias {
		whose = fmt.Sprintf("The alias %s points to a key of another stack: lineage %s, address %s.", n.object.ID, lineage, orNothing(address))
	}
	forget := "To leave it to that stack, take its block out and add:" + removedText(n.addr.String(), "forget")
	if n.prior != nil && n.change.Action == NoOp {
		p.stands(n.addr, "The object belongs to another stack now", whose+" Nothing here would change it. "+forget)
		return
	}
	take := "To take it over, let the other stack forget it first, and write here:"
	if n.removed != nil {
		forget = "To leave it to that stack, write action = \"forget\" in its removed block."
		take = "To take it over, let the other stack forget it first, put the block back in place of its removal, and write here:"
	}
	if n.prior == nil {
		forget = "To leave it to that stack, take the import block out, or give the block another name."
	}
	n.hold()
	p.refuseObject(n, GuardOwnedElsewhere, whose+" Two stacks that manage one object change it back and forth.", forget,
		p.takingText(n, take, lineage))
}

// takingText is the import that takes an object over, as it was written: a block, or on the command line.
func (p *planner) takingText(n *node, take, lineage string) string {
	if im, imported := p.in.Config.ImportOf(n.addr); imported && im.Range.Filename == "" {
		return fmt.Sprintf("To take it over, let the other stack forget it first, and run `kmsplan import -take-over=%s '%s' %s`.", lineage, n.addr, n.object.ID)
	}
	return take + importText(n.addr.String(), n.object.ID, lineage)
}

// checkRotatedOwners refuses to change the rotation of other stacks' keys.
func (p *planner) checkRotatedOwners(n *node) {
	if n.block == nil || n.live == nil {
		return
	}
	p.checkSecretOwners(n)
	for _, id := range n.needs {
		lineage, address := p.ownerOfKey(n.live, id)
		if holder, held := p.claimed[objectID{n.gateway, KindKey, id}]; lineage == "" || held && p.nodes[holder].change.TakenFrom == lineage {
			continue
		}
		p.refuseObject(n, GuardOwnedElsewhere,
			fmt.Sprintf("%s would change the rotation of %s, which carries the tags of another stack: lineage %s, address %s.", n.addr, id, lineage, orNothing(address)),
			"Take the key out of the policy's keys; its own stack says how it rotates.",
			"To take the key over, declare a key, let the other stack forget it first, and write here:"+importText("key.NAME", id, lineage))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// findElsewhere says that another stack has an object under the address that is about to be created here:
// another stack of the same module, or this one, whose state was lost.
func (p *planner) findElsewhere(n *node) {
	kind, tag := n.block.Kind.Name, AddressTag(n.addr)
	var found []string
	way := ""
	for _, c := range n.live.Claims {
		if c.Kind == kind && c.Address == tag && c.Owner != p.in.State.Lineage {
			found = append(found, fmt.Sprintf("%s of lineage %s", c.ID, c.Owner))
			way = importText(n.addr.String(), c.ID, c.Owner)
		}
	}
	if len(found) == 0 {
		return
	}
	if len(found) > maxListedUsers {
		found = append(found[:maxListedUsers:maxListedUsers], fmt.Sprintf("and %d more", len(found)-maxListedUsers))
	}
	p.warn(n.addr, fmt.Sprintf("A %s of another stack carries this address", kind),
		fmt.Sprintf("%s. If that is another stack of this module, all is well. If this stack's state was lost, do not create a second one: put the state back, or take what it had up again, as with:%s", strings.Join(found, "; "), way))
}

// reportStrays lists the keys and secrets that this stack's tags are on and that neither state nor this
// plan knows: a creation that was delivered twice, whose answer was lost, or that was forgotten. Of those
// that wait for their deletion the dying are listed anyway.
func (p *planner) reportStrays() {
	total := 0
	for _, name := range sorted(keysOf(p.in.Live.Gateways)) {
		g := p.in.Live.Gateways[name]
		for _, c := range g.Claims {
			id := objectID{name, c.Kind, c.ID}
			_, held := p.holder[id]
			_, claimed := p.claimed[id]
			if c.Owner != p.in.State.Lineage || held || claimed || g.object(c.Kind, c.ID).Dying() || c.Kind == KindSecret && !g.Secrets[c.ID].IsZero() {
				continue
			}
			if total++; total <= maxStrays {
				p.warn(addr.Address{}, fmt.Sprintf("A %s of this stack is not in its state", c.Kind), p.stray(name, c))
			}
		}
	}
	if total > maxStrays {
		p.warn(addr.Address{}, "More objects of this stack are not in its state", fmt.Sprintf("%d more of them are not listed one by one.", total-maxStrays))
	}
}

func (p *planner) stray(gateway string, c Claim) string {
	text := fmt.Sprintf("%s on gateway %q carries this stack's tags, for %s, and the state does not know it.", c.ID, gateway, orNothing(TaggedAddress(c.Address)))
	if i := slices.IndexFunc(p.in.State.Resources, func(r state.Resource) bool { return c.Intent != "" && r.Intent == c.Intent }); i >= 0 {
		text = fmt.Sprintf("%s on gateway %q was created by the same request as %s (%s), and the state does not know it: the request was delivered twice.", c.ID, gateway, p.in.State.Resources[i].ID, p.in.State.Resources[i].Address)
	}
	return text + WaysOfStray(gateway, c)
}

// WaysOfStray says how to go on with an object that carries this stack's tags and that its state does not know.
func WaysOfStray(gateway string, c Claim) string {
	id, rid := "-key-id", "once nothing is encrypted under it, run "+ByHand(gateway, "ScheduleKeyDeletion", "-key-id", c.ID, "-pending-window-in-days 30")
	if c.Kind == KindSecret {
		id, rid = "-secret-name", "once nothing reads it, run "+ByHand(gateway, "DeleteSecret", "-secret-name", c.ID, "-recovery-window-in-days 30")
	}
	untag := ByHand(gateway, "UntagResource", id, c.ID, fmt.Sprintf("-tag-keys '[%q]'", TagOwner))
	return fmt.Sprintf(" To leave it to itself, take its tag off, and this is not said again: %s. To be rid of it, %s. To manage it, declare a %s and add:", untag, rid, c.Kind) +
		importText(c.Kind+".NAME", c.ID, "")
}
