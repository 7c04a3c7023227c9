package plan

import (
	"fmt"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
)

// refuseDeclared words the guards that the truth table raises for a declared
// object.
func (p *planner) refuseDeclared(n *node, guard string) {
	a := n.addr
	n.refused = true
	switch guard {
	case GuardKeyLost:
		p.refuse(guard, a,
			fmt.Sprintf("The key %s is in the state, and KMS says that it does not exist. A new key could not decrypt what the old one encrypted, so none is created.", n.prior.ID),
			fmt.Sprintf("Check that gateway %q names the region and its credentials the account in which the key was created; a key is never found in another.", n.gateway),
			fmt.Sprintf("If the key is really gone, run `kmsplan state rm '%s'`; the next plan creates a new key.", a))
	case GuardSecretLost:
		p.refuse(guard, a,
			fmt.Sprintf("The secret %s is in the state, and KMS says that it does not exist. Its value was generated and is stored nowhere else.", n.prior.ID),
			fmt.Sprintf("Check that gateway %q names the region and its credentials the account in which the secret was created.", n.gateway),
			fmt.Sprintf("If the secret is really gone, run `kmsplan state rm '%s'`; the next plan creates it with a new value.", a))
	case GuardImportNotFound:
		im, _ := p.in.Config.ImportOf(a)
		p.refuse(guard, a,
			fmt.Sprintf("%s names %s, and KMS says that it does not exist.", importer(im), im.ID),
			fmt.Sprintf("Correct the id; it must be a %s in the region and account of gateway %q.", strings.ReplaceAll(n.block.Kind.Name, "_", " "), n.gateway),
			"To create a new object, "+withoutImport(im))
	case GuardAliasTaken:
		name := text(n.body.Attrs["name"])
		p.refuseAliasTaken(n, name, n.live.Aliases[name])
	case GuardNameTaken:
		p.refuseNameTaken(n)
	case GuardSecretTaken:
		p.refuse(guard, a,
			fmt.Sprintf("A secret named %s exists and this stack did not create it.%s", text(n.body.Attrs["name"]), p.whose(n)),
			"To manage it, add:"+p.importOf(n),
			"To create another secret, choose another name.")
	case GuardSecretInRecovery:
		p.refuse(guard, a,
			fmt.Sprintf("A deleted secret holds the name %s until its recovery window ends, and this stack did not create it.%s", text(n.body.Attrs["name"]), p.whose(n)),
			"To restore it and manage it, add:"+p.importOf(n),
			"To create another secret, choose another name, or wait for the window to end.")
	}
}

// importer names what imports: a block, or the command line.
func importer(im hcl.Import) string {
	if im.Range == (hclv2.Range{}) {
		return fmt.Sprintf("The import of %s", im.To)
	}
	return fmt.Sprintf("The import block for %s", im.To)
}

func withoutImport(im hcl.Import) string {
	if im.Range == (hclv2.Range{}) {
		return "apply without the import."
	}
	return "remove the import block."
}

// whose is a sentence about another stack whose object it is, or "".
func (p *planner) whose(n *node) string {
	if lineage, address := p.owner(n); lineage != "" {
		return fmt.Sprintf(" It carries the tags of another stack: lineage %s, address %s.", lineage, orNothing(address))
	}
	return ""
}

// importOf is the import block that takes the object of a declared name up.
func (p *planner) importOf(n *node) string {
	lineage, _ := p.owner(n)
	return importText(n.addr.String(), text(n.body.Attrs["name"]), lineage)
}

func (p *planner) refuseAliasTaken(n *node, name, target string) {
	take := "To take it over and point it where the block says, add:"
	if n.prior != nil {
		take = fmt.Sprintf("To take it over and point it where the block says, let go of %s with `kmsplan state rm '%s'`, which leaves it as it is, and add:", n.prior.ID, n.addr)
	}
	if at, held := p.holder[objectID{n.gateway, KindAlias, name}]; held && at != n.addr {
		p.refuse(GuardAliasTaken, n.addr,
			fmt.Sprintf("The alias %s is held by %s of this stack, and stays with it in this plan; it points to %s.", name, at, target),
			fmt.Sprintf("If %s is refused itself, settle that first.", at),
			fmt.Sprintf("Otherwise give %s another name, or this one.", at))
		return
	}
	p.refuse(GuardAliasTaken, n.addr,
		fmt.Sprintf("The alias %s exists, this stack does not hold it, and it points to %s.", name, target),
		take+importText(n.addr.String(), name, ""),
		"To leave it alone, choose another name.")
}

// refuseRemoval words the guards for an object whose block is gone.
func (p *planner) refuseRemoval(n *node, guard string) {
	n.refused = true
	what := strings.ReplaceAll(n.change.Kind, "_", " ")
	back := fmt.Sprintf("Put the block %s back; nothing has changed.", n.addr)
	if n.addr.Module != "" {
		back = fmt.Sprintf("Put the block %s back, or the call of %s; nothing has changed.", n.addr, n.addr.Module)
	}
	if to, ok := p.renamedTo(n); ok && !p.in.Config.Destroys {
		back += fmt.Sprintf(" If it was renamed to %s, which is new, say so, and nothing else happens to it:", to) + BlockText("moved", "from", n.addr.String(), "to", to.String())
	}
	forget := "To let kmsplan forget it and leave it as it is, add:" + removedText(n.addr.String(), "forget")
	reason := fmt.Sprintf("The block of %s is gone, and nothing says what should become of the %s %s.", n.addr, what, n.prior.ID)
	if p.in.Config.Destroys {
		reason = fmt.Sprintf("%s (%s) is protected, and nothing that is protected is destroyed.", n.addr, n.prior.ID)
		back = "To take its protection away, write lifecycle { prevent_destroy = false } into its block and apply."
	}
	if kind.Lookup(n.change.Kind, false) == nil {
		p.refuse(guard, n.addr, fmt.Sprintf("The state has %s (%s), and this version of kmsplan has no %s.", n.addr, n.prior.ID, what),
			"Use the version of kmsplan that applied it, or a newer one.",
			fmt.Sprintf("To let kmsplan forget it and leave it as it is, run `kmsplan state rm '%s'`.", n.addr))
		return
	}
	switch guard {
	case GuardKeyNotDeletable:
		p.refuse(guard, n.addr,
			fmt.Sprintf("The removed block asks to delete %s (%s). Keys are never deleted in one step: what they encrypted would be lost.", n.addr, n.prior.ID),
			"To disable it, wait, and then schedule its deletion, write action = \"retire\".", "To leave the key as it is, write action = \"forget\".")
	case GuardSecretVanished, GuardAliasVanished, GuardAccessVanished:
		p.refuse(guard, n.addr, reason, back,
			"To delete it, add:"+removedText(n.addr.String(), "delete"), forget)
	case GuardPolicyVanished:
		p.refuse(guard, n.addr, reason, back, forget)
	default:
		p.refuse(guard, n.addr, reason, back,
			"To retire it in reversible steps (disable, soak, schedule), add:"+removedText(n.addr.String(), "retire"), forget)
	}
}

// renamedTo is the only new object of the same kind and gateway, when the state has no more of that kind without a block than this one.
func (p *planner) renamedTo(n *node) (addr.Address, bool) {
	var fresh []addr.Address
	for _, other := range p.order {
		switch {
		case other.change.Kind != n.change.Kind || other.gateway != n.gateway || other.of != nil:
		case other.block == nil && other != n && other.removed == nil:
			return addr.Address{}, false
		case other.block != nil && other.change.Action == Create:
			fresh = append(fresh, other.addr)
		}
	}
	if len(fresh) != 1 {
		return addr.Address{}, false
	}
	return fresh[0], true
}

func (p *planner) refuseDuplicate(a, other addr.Address, kind, id string) {
	both := fmt.Sprintf("%s and %s both hold the %s %s.", a, other, strings.ReplaceAll(kind, "_", " "), id)
	if p.prior[a] != nil && p.prior[other] != nil && p.prior[a].ID == p.prior[other].ID {
		p.refuse(GuardDuplicateID, a, both+" The state has it twice.",
			fmt.Sprintf("Let the state forget one of them, which leaves the object as it is: `kmsplan state rm '%s'`.", other),
			fmt.Sprintf("Or the other one: `kmsplan state rm '%s'`.", a))
		return
	}
	if other.IsPredecessor() {
		p.refuse(GuardDuplicateID, a, both+" It was succeeded, and is kept for what it encrypted.",
			"Take the block and its import away: the key is managed already. `kmsplan show` lists what still needs it.",
			"To get rid of it once nothing needs it, add:"+removedText(other.String(), "retire"))
		return
	}
	renamed := "If one block was renamed, say so:"
	if b := p.in.Config.Block(other.Block()); b != nil && slices.Contains(b.Instances, other) {
		renamed = fmt.Sprintf("If %s was renamed, take it out and say so:", other)
	}
	p.refuse(GuardDuplicateID, a,
		both, renamed+BlockText("moved", "from", other.String(), "to", a.String()),
		fmt.Sprintf("Otherwise give one of them another name or id, or run `kmsplan state rm '%s'`.", other))
}

func (p *planner) refuseNoKey(n *node, id string) {
	p.refuseObject(n, GuardKeyUnusable,
		fmt.Sprintf("%s names the key %s, which does not exist in the region and account of gateway %q.", n.addr, id, n.gateway),
		"Refer to a key of this stack by key.NAME.id.", "Correct the key id, or the gateway.")
}

// refuseUnreadGateway reports a programming or wiring slip as a diagnostic: a
// gateway without a snapshot is not an empty one.
func (p *planner) refuseUnreadGateway(n *node) {
	n.refused = true
	d := &hclv2.Diagnostic{
		Severity: hclv2.DiagError, Summary: "Gateway not read",
		Detail: fmt.Sprintf("%s lives on gateway %q, and that gateway was not read, because no gateway block of that name with public access exists. Add it back, or say:%s", n.addr, n.gateway, removedText(n.addr.String(), "forget")),
	}
	if n.block != nil {
		d.Subject = n.block.Range.Ptr()
	}
	p.diags = p.diags.Append(d)
}

// noValue and noEncryptionKey are what a secret lacks that would be created; see reportLacking.
func (p *planner) noValue(n *node) {
	n.lacking = &hclv2.Diagnostic{
		Severity: hclv2.DiagError, Summary: "A new secret needs a value", Subject: n.block.Range.Ptr(),
		Detail: fmt.Sprintf("%s does not exist yet, and KMS creates no secret without a value. Set value from a sensitive variable, or add generate { length = 32 }.", n.addr),
	}
}

func (p *planner) noEncryptionKey(n *node) {
	n.lacking = &hclv2.Diagnostic{
		Severity: hclv2.DiagError, Summary: "A secret in an instance needs a key", Subject: n.block.Range.Ptr(),
		Detail: fmt.Sprintf("%s would be created in a KMS instance, where a key of the same instance encrypts it. Set encryption_key = key.NAME.id, or instance = null for a secret outside any instance.", n.addr),
	}
}

// reportLacking reports what objects of the plan lack; of others, outside its scope, it is none of the plan's business.
func (p *planner) reportLacking() {
	for _, n := range p.order {
		if n.lacking != nil {
			p.diags = p.diags.Append(n.lacking)
		}
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
