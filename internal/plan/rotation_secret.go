package plan

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// rotatedSecrets are the names of the secrets that a policy rotates, sorted, as far as they are known.
func (n *node) rotatedSecrets() []string { return sorted(Strings(plainSet(n.body.Attrs["secrets"]))) }

func plainSet(v cty.Value) cty.Value {
	if v != cty.NilVal {
		v, _ = v.UnmarkDeep()
	}
	return v
}

// needsSecrets finds the secrets that rotate differently; a name is known before its secret exists.
func (p *planner) needsSecrets(n *node, want Rotation) {
	for range unknownElements(plainSet(n.body.Attrs["secrets"])) {
		n.change.Calls = append(n.change.Calls, "UpdateSecretRotationPolicy")
	}
	for _, name := range n.rotatedSecrets() {
		if secret := n.live.object(KindSecret, name); secret != nil && !want.Differs(secret) || secret == nil && !want.Enabled {
			continue
		}
		n.needsSecret = append(n.needsSecret, name)
		n.change.Calls = append(n.change.Calls, "UpdateSecretRotationPolicy")
	}
}

// checkRotatedSecrets refuses a policy over secrets that do not exist, wait for deletion or are generic ones: KMS would
// refuse it half-way through the apply.
func (p *planner) checkRotatedSecrets(n *node) {
	if n.change.Kind != KindRotation || n.block == nil || n.live == nil {
		return
	}
	for _, name := range n.needsSecret {
		o, from := n.live.object(KindSecret, name), "Take the secret out of the policy's secrets; its rotation stays as it is."
		switch {
		case o == nil && p.makesSecret(n, name) != nil:
			if made := p.makesSecret(n, name); generic(text(made.body.Attrs["type"])) {
				p.refuseGeneric(n, name, from)
			}
		case o == nil:
			p.refuseObject(n, GuardSecretUnusable,
				fmt.Sprintf("%s names the secret %s, which does not exist in the region and account of gateway %q.", n.addr, name, n.gateway),
				"Refer to a secret of this stack by secret.NAME.name.", "Correct the name, or the gateway.")
		case !o.Rotated:
			p.refuseGeneric(n, name, from)
		case o.Dying() && !p.rescuedSecret(n, name):
			p.refuseObject(n, GuardSecretUnusable,
				fmt.Sprintf("%s needs the secret %s, and that secret waits for deletion.", n.addr, name),
				fmt.Sprintf("To bring the secret back, run `kmsplan rescue %s`, or declare a secret and add:", name)+importText("secret.NAME", name, ""), from)
		}
	}
}

func (p *planner) refuseGeneric(n *node, name, from string) {
	p.refuseObject(n, GuardSecretUnusable,
		fmt.Sprintf("%s would rotate the secret %s, and that is a generic one: KMS rotates only secrets of a managed type.", n.addr, name),
		from, "To have KMS rotate one, declare a secret of a managed type under another name.")
}

func generic(secretType string) bool { return secretType == "" || secretType == kind.SecretGeneric }

// makesSecret is the secret of that name that this plan makes before the policy, or nil.
func (p *planner) makesSecret(n *node, name string) *node {
	for _, a := range n.change.DependsOn {
		made := p.nodes[a]
		if made != nil && made.change.Kind == KindSecret && made.change.Action == Create && made.gateway == n.gateway && text(made.body.Attrs["name"]) == name {
			return made
		}
	}
	return nil
}

func (p *planner) rescuedSecret(n *node, name string) bool {
	a, ok := p.claimed[objectID{n.gateway, KindSecret, name}]
	return ok && p.nodes[a] != nil && p.nodes[a].change.Action == Rescue
}

// checkSecretOwners refuses to change the rotation of other stacks' secrets.
func (p *planner) checkSecretOwners(n *node) {
	for _, name := range n.needsSecret {
		if o := n.live.object(KindSecret, name); o != nil {
			p.checkSecretOwner(n, o)
		}
	}
}

func (p *planner) checkSecretOwner(n *node, o *Object) {
	lineage, address := p.foreignTags(o.Tags)
	if holder, held := p.claimed[objectID{n.gateway, KindSecret, o.ID}]; lineage == "" || held && p.nodes[holder] != nil && p.nodes[holder].change.TakenFrom == lineage {
		return
	}
	p.refuseObject(n, GuardOwnedElsewhere,
		fmt.Sprintf("%s would change the rotation of the secret %s, which carries the tags of another stack: lineage %s, address %s.", n.addr, o.ID, lineage, orNothing(address)),
		"Take the secret out of the policy's secrets; its own stack says how it rotates.",
		"To take the secret over, declare a secret, let the other stack forget it first, and write here:"+importText("secret.NAME", o.ID, lineage))
}
