package plan

import (
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/state"
)

const (
	putValue  = "PutSecretValue"
	moveStage = "UpdateSecretVersionStage"
)

// declaredVersion is the version id that the block declares; "" where it declares none, or none that is known yet.
func (n *node) declaredVersion() string {
	if n.block == nil || n.ignores("version_id") {
		return ""
	}
	v, _ := n.body.Attrs["version_id"].Unmark()
	return text(v)
}

// recordedVersion is the version id that was the current one as it was declared, the last time.
func (n *node) recordedVersion() string {
	if n.prior == nil {
		return ""
	}
	return text(FromState(n.prior.Attributes["version_id"], cty.String))
}

// declaresAnother reports whether the block declares another version than it did, and than there is.
func (n *node) declaresAnother() bool {
	v := n.declaredVersion()
	return v != "" && v != n.object.Current && v != n.recordedVersion()
}

// hasVersion reports whether a secret has a version, as far as its stages and the state tell.
func (n *node) hasVersion(id string) bool {
	return n.object != nil && slices.Contains(n.object.Versions, id) || n.prior != nil && slices.Contains(n.prior.Versions, id)
}

// planVersion plans under which id a value is stored. One that is there already holds the declared value, or KMS refuses
// the call; it becomes the current one then.
func (p *planner) planVersion(n *node) {
	n.change.Calls = append(n.change.Calls, putValue)
	id := n.declaredVersion()
	if id == "" || id == n.object.Current {
		return
	}
	n.versionDiff(id)
	if n.hasVersion(id) {
		n.change.Promoted = id
	}
}

func (n *node) versionDiff(id string) {
	n.change.drop("version_id")
	n.change.Diff = append(n.change.Diff, AttrDiff{Name: "version_id", Before: stringOrNull(n.object.Current), After: cty.StringVal(id)})
}

// keepsItsID refuses another value under the id of the one before: KMS would refuse it half-way.
func (p *planner) keepsItsID(n *node) bool {
	id := n.declaredVersion()
	fp, recorded := fingerprintOf(n.prior)
	value, known := ConfiguredValue(n.body)
	if id == "" || id != n.recordedVersion() || n.generates() || !recorded || !known || p.match(n, fp, value.Printed()) != state.Different {
		return false
	}
	n.noVersion = []string{
		fmt.Sprintf("The value of %s changed, and its version_id is %s as before. KMS keeps one value under an id.", n.object.ID, id),
		"Write another version_id beside the new value.", "Or leave version_id out: kmsplan makes the ids then.",
	}
	return true
}

// planCurrent plans that the version which a block without a value declares is the current one:
//
//	the current version                      the declared one   →
//	is the declared one                                         nothing
//	is one that a person made current        as before          nothing, and that is said
//	was not written here                     any                as on_foreign_version says; refuse unseen-secret-version
//	any other                                is not there       refuse not-possible
//	                                         is there           move ACSCurrent
func (p *planner) planCurrent(n *node) {
	id := n.declaredVersion()
	if id == "" || id == n.object.Current || n.object.Rotated {
		return
	}
	if n.heldHere() && id == n.recordedVersion() {
		p.stands(n.addr, "The secret's current version is not the declared one",
			fmt.Sprintf("Version %s of %s is current because of `kmsplan secret %s`, and version_id is %s. It is left as it is until version_id changes: write %s there, or run `kmsplan secret promote '%s' %s`.",
				n.object.Current, n.object.ID, n.prior.Held.By, id, n.object.Current, n.addr, id))
		return
	}
	if n.foreign = n.foreignVersion(); n.foreign != "" {
		switch n.block.Lifecycle.OnForeignVersion {
		case keepForeign:
			p.standsForeign(n, "It is kept, because of on_foreign_version = \"keep\".")
			return
		case overwriteForeign:
			n.foreign = ""
		}
	}
	n.versionDiff(id)
	n.change.Promoted = id
	n.change.Calls = append(n.change.Calls, moveStage)
	p.needsVersion(n, "version_id", id)
}

// planStages puts the moves of stages where they belong: those to versions that are there before a value is stored, which
// may roll a version without a stage off, and the others after it.
func (p *planner) planStages(n *node) {
	c := &n.change
	c.Calls = slices.DeleteFunc(c.Calls, func(call string) bool { return call == moveStage })
	puts := slices.Index(c.Calls, putValue)
	before, after := false, c.Promoted != ""
	if c.diffs("stages") {
		stages, _ := n.body.Attrs["stages"].UnmarkDeep()
		for stage, v := range stages.AsValueMap() {
			id := text(v)
			switch {
			case id != "" && id == n.declaredVersion() && (c.Action == Create || puts >= 0):
				after = true
			case id != "":
				p.needsVersion(n, fmt.Sprintf("stages[%q]", stage), id)
				before = true
			default:
				before = true
			}
		}
	}
	if puts >= 0 && before {
		c.Calls = slices.Insert(c.Calls, puts, moveStage)
	}
	if after || before && puts < 0 {
		c.Calls = append(c.Calls, moveStage)
	}
}

// needsVersion refuses what would give a stage to a version that is not there.
func (p *planner) needsVersion(n *node, argument, id string) {
	if n.noVersion != nil || n.hasVersion(id) {
		return
	}
	n.noVersion = []string{fmt.Sprintf("%s of %s is %s, and the secret has no version of that id yet: a new one has the id that version_id gives its value.", argument, n.addr, id),
		fmt.Sprintf("Write the id of one that is there, or write version_id = %q beside the value that it has.", id), "Or leave the stage out until the version is there."}
	if n.object != nil {
		n.noVersion[0] = fmt.Sprintf("%s of %s is %s, and the secret has no version of that id that carries a stage: it has %s.", argument, n.addr, id, versionList(n.object))
		n.noVersion[2] = "All of them are listed by " + allVersions(n) + "."
	}
}
