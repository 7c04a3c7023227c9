package plan

import (
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
)

// checkFileKeys warns of blocks whose files will be written under a key that is not there or cannot be used, once
// this plan is applied: everything else would be done, and the apply fail at them.
func (p *planner) checkFileKeys() {
	seen := map[addr.Address]bool{}
	for i := range p.plan.Files {
		f := &p.plan.Files[i]
		k, ok := p.in.FileKeys[f.Addr]
		if !ok || f.Action == NoOp || f.Problem != "" {
			continue
		}
		why := p.keyTrouble(k)
		if why != "" && k.ID == "" && f.Reason == missingKey {
			f.Reason = "its key does not exist"
		}
		if why != "" && !seen[f.Addr] {
			seen[f.Addr] = true
			p.warn(f.Addr, "The key of this block cannot be used", why+" Everything else is done; apply and run fail at the files of this block.")
		}
	}
}

// keyTrouble is why nothing can be encrypted under a key, in sentences, or "".
func (p *planner) keyTrouble(k FileKey) string {
	alias := strings.HasPrefix(k.Name, "alias/")
	switch {
	case alias && p.makesAlias(k):
		return ""
	case k.ID == "" && alias:
		return fmt.Sprintf("The gateway %q has no alias %s, and this plan makes none. Correct the name, or declare the alias.", k.Gateway, k.Name)
	case k.ID == "":
		return fmt.Sprintf("The gateway %q has no key %s. Correct the name; a key of this stack is best named by reference: key.NAME.id.", k.Gateway, k.Name)
	case alias && p.takesAlias(k):
		return fmt.Sprintf("This plan takes the alias %s away. Name another key, or keep the alias.", k.Name)
	}
	if through := p.in.Live.Gateways[k.Gateway].InstanceID; through != "" && k.Instance != through {
		return fmt.Sprintf("The key %s is not in the instance %s, through which the gateway %q encrypts, and which knows its own keys only. Name another key, or a gateway without an instance.", k.called(), through, k.Gateway)
	}
	n := p.holds(objectID{k.Gateway, KindKey, k.ID})
	switch {
	case n != nil && p.kept(n) && (n.change.Action == Rescue || n.change.Needs("EnableKey")):
		return ""
	case k.State == StatePendingDeletion:
		return fmt.Sprintf("The key %s waits for deletion. Bring it back with `kmsplan rescue %s`, or name another key.", k.called(), k.ID)
	case k.State == StateDisabled:
		return fmt.Sprintf("The key %s is disabled. Enable it, or name another key.", k.called())
	case k.State == StatePendingImport:
		return fmt.Sprintf("The key %s has no material yet. Import it, or name another key.", k.called())
	case n != nil && p.kept(n) && n.change.Needs("DisableKey"):
		return fmt.Sprintf("This plan disables the key %s. Name another key.", k.called())
	}
	return ""
}

// called is a key as its block and as the service names it.
func (k FileKey) called() string {
	if k.Name == k.ID {
		return k.ID
	}
	return fmt.Sprintf("%s (%s)", k.Name, k.ID)
}

func (p *planner) kept(n *node) bool { return !n.refused && slices.Contains(p.order, n) }

// holds is the address that a live object belongs to, or nil.
func (p *planner) holds(id objectID) *node {
	if a, ok := p.claimed[id]; ok {
		return p.nodes[a]
	}
	return p.nodes[p.holder[id]]
}

// makesAlias reports whether this plan makes the alias, or points it at another key.
func (p *planner) makesAlias(k FileKey) bool {
	return slices.ContainsFunc(p.order, func(n *node) bool {
		return n.change.Kind == KindAlias && n.block != nil && !n.refused && n.change.Action != NoOp && text(n.body.Attrs["name"]) == k.Name &&
			!p.gateways[n.gateway].Elsewhere(p.gateways[k.Gateway])
	})
}

// takesAlias reports whether the plan deletes the alias, or gives it another name.
func (p *planner) takesAlias(k FileKey) bool {
	return slices.ContainsFunc(p.order, func(n *node) bool {
		return n.change.Kind == KindAlias && n.gateway == k.Gateway && n.change.ID == k.Name && n.change.Needs("DeleteAlias") && !n.refused
	})
}
