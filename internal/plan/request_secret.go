package plan

import (
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// The stages that the service keeps itself (KMS: UpdateSecretVersionStage).
const (
	StageCurrent  = "ACSCurrent"
	StagePrevious = "ACSPrevious"
)

// askSecret plans an act on a secret's versions.
func (p *planner) askSecret(n *node) {
	if n.object.Rotated && n.asked.Act != ActRotate {
		p.impossible(n, fmt.Sprintf("%s is a managed secret of type %s, whose versions KMS itself writes.", n.addr, text(n.object.Attrs["type"])),
			fmt.Sprintf("Run `kmsplan secret rotate '%s'`, which lets KMS make a fresh value.", n.addr), "Or leave it as it is.")
		return
	}
	switch n.asked.Act {
	case ActPut:
		p.askPut(n)
	case ActPromote:
		p.askPromotion(n, n.asked.Version)
	case ActRollback:
		p.askRollback(n)
	default:
		p.askFresh(n)
	}
}

// askPut plans a new version of a value that is given by hand.
func (p *planner) askPut(n *node) {
	n.replaces()
	n.asks("PutSecretValue", "a value given by hand becomes the current version")
	n.valueDiff()
	p.warnRollOff(n)
	p.thenDeclared(n)
}

// askFresh plans a value made anew, by KMS for a managed secret and by kmsplan for a generated one.
func (p *planner) askFresh(n *node) {
	switch {
	case n.object.Rotated:
		n.asks("RotateSecret", "KMS makes a fresh value", AttrDiff{Name: "current_version", Before: stringOrNull(n.object.Current), After: unknownText()})
	case !n.generates():
		p.impossible(n, fmt.Sprintf("The value of %s is the author's, and nothing makes another: its block has no generate block, and its type is no managed one.", n.addr),
			fmt.Sprintf("Run `kmsplan secret put '%s'` with the new value.", n.addr),
			"Or change value in the configuration and apply; or let kmsplan make values, with generate { length = 32 }.")
	default:
		n.replaces()
		n.asks("PutSecretValue", "a fresh value is generated")
		n.valueDiff()
		p.warnRollOff(n)
	}
}

// askPromotion plans that a version that the secret has becomes the current one.
func (p *planner) askPromotion(n *node, version string) {
	if !slices.Contains(n.object.Versions, version) && !slices.Contains(n.prior.Versions, version) {
		p.impossible(n, fmt.Sprintf("%s has no version %s that carries a stage: it has %s.", n.addr, version, versionList(n.object)),
			"List all of them with "+allVersions(n)+".",
			fmt.Sprintf("Or put the value again, with `kmsplan secret put '%s'`.", n.addr))
		return
	}
	diff := AttrDiff{Name: "current_version", Before: stringOrNull(n.object.Current), After: cty.StringVal(version)}
	switch {
	case version != n.object.Current:
		n.asks("UpdateSecretVersionStage", fmt.Sprintf("version %s becomes the current one", version), diff)
	case version == LastWritten(n.prior):
		n.change.Reason = "it is the current version already"
		n.change.PreImage = nil
		return
	default: // others made it the current one, and now it is this stack's
		n.asks("", "it is the current version already; this stack takes it as its own from now on")
		n.change.Calls = nil
	}
	n.change.Promoted = version
	p.thenDeclared(n)
}

// askRollback plans that the previous version becomes the current one.
func (p *planner) askRollback(n *node) {
	n.replaces()
	for version, stages := range n.object.Stages {
		if slices.Contains(stages, StagePrevious) {
			p.askPromotion(n, version)
			return
		}
	}
	p.impossible(n, fmt.Sprintf("%s has no previous version: its current one is the only one with a stage.", n.addr),
		fmt.Sprintf("Put the value that it should have, with `kmsplan secret put '%s'`.", n.addr),
		"List all versions with "+allVersions(n)+".")
}

// replaces notes whose version the one that was asked for would take the place of: one that this stack did not write is
// for a guard to keep, unless the block says that it may go.
func (n *node) replaces() {
	if n.block.Lifecycle.OnForeignVersion != overwriteForeign {
		n.foreign = n.foreignVersion()
	}
}

// thenDeclared says what the next plan makes of a version that is not the declared value's.
func (p *planner) thenDeclared(n *node) {
	switch {
	case n.change.Action == NoOp:
	case !n.hasValue() && !n.generates() && n.declaredVersion() != "" && n.declaredVersion() != n.change.Promoted:
		p.then("the configuration declares version_id = %q for %s. As long as it is not changed, plans leave this version as it is and say so", n.declaredVersion(), n.addr)
	case n.ignores("value") || !n.hasValue() && !n.generates():
		p.then("the value of %s is not declared, so that plans leave this version as it is", n.addr)
	case n.generates():
		p.then("plans leave this version of %s as it is until the arguments of generate change", n.addr)
	case n.isDeclared(n.change.Promoted):
		p.then("this version of %s has the declared value: the next plan has nothing to do", n.addr)
	case n.block.Lifecycle.OnForeignVersion == overwriteForeign:
		p.then("the next plan of %s puts the declared value in its place again, because of on_foreign_version = %q: change value in the configuration, or take that out", n.addr, overwriteForeign)
	default:
		p.then("the configuration declares a value for %s. As long as it is not changed, plans leave this version as it is and say that the declared value is another one; "+
			"where it is the same, there is nothing to say. Once it is changed, a plan puts the new one", n.addr)
	}
}

// isDeclared reports whether a version is the one that was current by declaration.
func (n *node) isDeclared(version string) bool {
	h := n.prior.Held
	return h != nil && version != "" && version == h.Over
}

func (p *planner) warnRollOff(n *node) {
	if live := n.object.Versions; len(live) >= MaxSecretVersions {
		p.warn(n.addr, "A secret version will roll off",
			fmt.Sprintf("KMS keeps %d versions of a secret. Storing a new one drops the oldest without a used stage, probably %s.", MaxSecretVersions, live[0]))
	}
}

func versionList(o *Object) string {
	if len(o.Versions) == 0 {
		return "none"
	}
	return fmt.Sprintf("%q", listed(slices.Clone(o.Versions)))
}
