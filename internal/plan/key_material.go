package plan

import (
	"fmt"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// MaterialPrint is the name of a key's material among the fingerprints of state and the differences of a plan.
const MaterialPrint = kind.MaterialBlock

// materialWarning is how long before its end a plan warns of material that expires, where nothing else is written.
const materialWarning = 30 * kind.Day

// Material is what was found out about the material that a key's block names.
type Material struct {
	Match   state.Match // of the fingerprint that state has; Same where it has none
	Problem string      // why it cannot be imported now; "" = it can
}

// importCalls are the calls that bring material in.
var importCalls = []string{"GetParametersForImport", "ImportKeyMaterial"}

// planMaterial plans the import of a key's material, for a key that is in keyState when the updates begin, and returns
// the state that it is in then:
//
//	key             the fingerprint of its material    →
//	any             is of other material               refuse other-material
//	PendingImport   any, or none                       import
//	usable          any, or none; another expiry       import, with the new one
//	usable          any, or none                       nothing
func (p *planner) planMaterial(n *node, keyState string) string {
	block, written := n.body.Blocks[kind.MaterialBlock]
	if !written {
		p.watchMaterial(n, materialWarning)
		return keyState
	}
	found := p.in.Materials[n.addr]
	if isOther(found.Match) {
		n.otherMaterial = true
		return keyState
	}
	expires, managed := momentOf(block["expires"])
	live := liveExpiry(n)
	switch {
	case keyState == StatePendingImport || n.change.Action == Rescue && !p.expired(n).IsZero():
		n.change.Reason = p.whyImported(n)
		keyState = StateEnabled
	case !managed || expires.Equal(live):
		p.watchMaterial(n, warnDays(block))
		return keyState
	}
	p.importMaterial(n, expires, found)
	return keyState
}

// isOther reports whether material is known to be another than the key was made with.
func isOther(m state.Match) bool { return m == state.Different && !safety.Off(safety.PlanSameMaterial) }

// importMaterial enters the import, and what will be in its way.
func (p *planner) importMaterial(n *node, expires time.Time, found Material) {
	n.change.Diff = append(n.change.Diff, AttrDiff{
		Name: kind.MaterialBlock, Before: cty.NullVal(cty.String), After: cty.NullVal(cty.String), WriteOnly: true,
	})
	n.change.Calls = append(n.change.Calls, importCalls...)
	if live := liveExpiry(n); !expires.Equal(live) {
		n.change.Diff = append(n.change.Diff, AttrDiff{Name: "material_expires", Before: moment(live), After: moment(expires)})
	}
	if !expires.IsZero() && !expires.After(p.in.Now) {
		p.diags = p.diags.Append(&hclv2.Diagnostic{
			Severity: hclv2.DiagError, Summary: "Expiry in the past",
			Detail:  fmt.Sprintf("The material of %s is to be imported, and its expires, %s, is past. Write a later time, or leave expires out.", n.addr, expires.Format(time.RFC3339)),
			Subject: rangeOf(n, kind.MaterialBlock),
		})
	}
	if found.Problem != "" {
		p.warn(n.addr, "The key's material is not at hand",
			fmt.Sprintf("%s is to get its material, and it cannot be used: %s. Apply needs it.", n.addr, found.Problem))
	}
}

func rangeOf(n *node, name string) *hclv2.Range {
	if at, ok := n.body.Ranges[name]; ok {
		return &at
	}
	return &n.block.Range
}

// expired is when the key's material ended, by what the service says or state remembers: of material that is gone the
// service may say nothing. The zero time: it did not.
func (p *planner) expired(n *node) time.Time {
	at := liveExpiry(n)
	if at.IsZero() && n.prior != nil {
		at, _ = momentOf(FromState(n.prior.Attributes["material_expires"], cty.String))
	}
	if at.After(p.in.Now) {
		return time.Time{}
	}
	return at
}

func (p *planner) whyImported(n *node) string {
	_, recorded := printOf(n.prior, MaterialPrint)
	switch at := p.expired(n); {
	case !at.IsZero():
		return fmt.Sprintf("its material expired on %s and is imported again", at.Format(time.DateOnly))
	case recorded:
		return "its material was deleted and is imported again"
	}
	return "its material is imported"
}

// watchMaterial warns of material that expires within a time.
func (p *planner) watchMaterial(n *node, within time.Duration) {
	at := liveExpiry(n)
	left := at.Sub(p.in.Now)
	if at.IsZero() || left <= 0 || left > within || n.object.Dying() {
		return
	}
	p.warn(n.addr, "Key material expires soon",
		fmt.Sprintf("The material of %s (%s) expires on %s, in %d days. Then KMS deletes it, and the key decrypts nothing until the same material is imported again. "+
			"Write a later expires in its material block, and apply while the material is at hand.", n.addr, n.object.ID, at.Format(time.RFC3339), left/kind.Day))
}

func warnDays(block map[string]cty.Value) time.Duration {
	v := block["warn_days"]
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return materialWarning
	}
	days, _ := v.AsBigFloat().Int64()
	return time.Duration(days) * kind.Day
}

// momentOf reads expires: the zero time is never; false where it is not managed, or not known yet.
func momentOf(v cty.Value) (time.Time, bool) {
	switch {
	case v == cty.NilVal || !v.IsKnown():
		return time.Time{}, false
	case v.IsNull():
		return time.Time{}, true
	}
	at, err := time.Parse(time.RFC3339, text(v))
	return at.UTC().Truncate(time.Second), err == nil
}

func moment(t time.Time) cty.Value {
	if t.IsZero() {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(t.Format(time.RFC3339))
}

func liveExpiry(n *node) time.Time {
	if n.object == nil {
		return time.Time{}
	}
	at, _ := momentOf(n.object.Attrs["material_expires"])
	return at
}

// checkMaterial refuses other material than the key has had: KMS would refuse it, and what the key encrypted is
// readable with the first only.
func (p *planner) checkMaterial(n *node) {
	if !n.otherMaterial {
		return
	}
	n.holdBack()
	p.refuseObject(n, GuardOtherMaterial,
		fmt.Sprintf("The material of %s (%s) is not the one that was imported. KMS takes the same material again and no other, for what was encrypted under it is readable with that only.", n.addr, n.change.ID),
		"Put the material back that the key was made with.",
		"For other material declare a new key beside this one, point the aliases there, rewrap the files, and retire this one with a removed block.")
}
