package plan

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// What lifecycle { on_foreign_version } says.
const (
	keepForeign      = "keep"
	overwriteForeign = "overwrite"
)

// planValue plans a new version when the value is not the one state has a fingerprint of, or when others
// wrote the current one and the configuration says to overwrite it. The live value is never read.
func (p *planner) planValue(n *node) {
	if n.ignores(n.valueArgument()) || !n.hasValue() && !n.generates() {
		p.planCurrent(n) // no value is declared, so that nothing is foreign to it
		return
	}
	if n.object.Rotated {
		p.firstValue(n)
		return
	}
	changed := p.valueChanged(n)
	if p.keepsItsID(n) {
		return
	}
	changed = changed || n.declaresAnother()
	if n.foreign = n.foreignVersion(); n.foreign != "" {
		switch n.block.Lifecycle.OnForeignVersion {
		case keepForeign:
			p.standsForeign(n, "It is kept, because of on_foreign_version = \"keep\".")
			return
		case overwriteForeign:
			changed = true
			p.warn(n.addr, "A version written by someone else is superseded",
				fmt.Sprintf("Version %s, which this stack did not write, is current. on_foreign_version = \"overwrite\" says that the declared value replaces it; it stays as ACSPrevious.", n.foreign))
			n.foreign = ""
		default:
			if !changed {
				p.standsForeign(n, fmt.Sprintf("The declared value is not the current one. To have it again, add lifecycle { on_foreign_version = %q }; "+
					"to leave the live value, %q. To stop managing the value, lifecycle { ignore_changes = [%s] }.", overwriteForeign, keepForeign, n.valueArgument()))
				return
			}
		}
	}
	if !changed {
		return
	}
	n.valueDiff()
	p.planVersion(n)
	p.warnRollOff(n)
}

// firstValue says that another first value of a managed secret comes to nothing: the service has written the value since.
func (p *planner) firstValue(n *node) {
	fp, recorded := fingerprintOf(n.prior)
	if value, known := ConfiguredValue(n.body); recorded && known && p.match(n, fp, value.Printed()) == state.Different {
		p.stands(n.addr, "The first value of a managed secret changed",
			fmt.Sprintf("KMS itself changes the value of %s, which is of type %s, and takes none from anybody. Write the value that it was created with, or leave value out; `kmsplan secret rotate '%s'` has KMS make a new one.",
				n.object.ID, text(n.object.Attrs["type"]), n.addr))
	}
}

func (p *planner) standsForeign(n *node, way string) {
	p.stands(n.addr, "The secret's current version was not written here",
		fmt.Sprintf("Version %s of %s is current, and this stack last wrote %s: others wrote it, moved a stage, or made the secret anew. %s", n.foreign, n.object.ID, orNothing(LastWritten(n.prior)), way))
	n.foreign = ""
}

// foreignVersion is the current version when it is not the one this stack knows as current: written by
// others, moved back, or of a secret that others made anew. What the service rotates by itself, and what an
// import block takes over as it is, is not foreign.
func (n *node) foreignVersion() string {
	current := n.object.Current
	switch {
	case current == "" || n.object.Rotated, current == n.declaredVersion():
		return "" // of the declared id: its value is the declared one, or KMS refuses to store that
	case n.prior == nil && (n.facts.Desired == Imported || strings.HasPrefix(current, versionPrefix)):
		return ""
	case n.prior != nil && (len(n.prior.Versions) == 0 || current == LastWritten(n.prior)):
		return ""
	}
	return current
}

// LastWritten is the version of a secret that a stack knows as current, "" for one that it has not seen yet.
func LastWritten(r *state.Resource) string {
	if r == nil || len(r.Versions) == 0 {
		return ""
	}
	return r.Versions[len(r.Versions)-1]
}

// checkVersion refuses to overwrite a version that this stack did not write: it was written by somebody,
// and may be the one in use.
func (p *planner) checkVersion(n *node) {
	if n.noVersion != nil {
		n.holdBack()
		p.refuseObject(n, GuardImpossible, n.noVersion[0], n.noVersion[1:]...)
		return
	}
	if n.foreign == "" || safety.Off(safety.PlanForeignVersion) {
		return
	}
	n.holdBack()
	if n.asked != nil {
		p.refuseObject(n, GuardUnseenSecretVersion,
			fmt.Sprintf("The current version of %s is %s, which this stack did not write, and another one would take its place.", n.object.ID, n.foreign),
			fmt.Sprintf("To keep it, and take it as this stack's own, run `kmsplan secret promote '%s' %s`.", n.addr, n.foreign),
			fmt.Sprintf("To have another version knowingly, promote that one by its id, or add lifecycle { on_foreign_version = %q }.", overwriteForeign))
		return
	}
	if !n.hasValue() && !n.generates() {
		p.refuseObject(n, GuardUnseenSecretVersion,
			fmt.Sprintf("version_id of %s would take ACSCurrent from version %s, which this stack did not write.", n.object.ID, n.foreign),
			fmt.Sprintf("To keep it as the current one, write version_id = %q, add lifecycle { on_foreign_version = %q }, or leave version_id out.", n.foreign, keepForeign),
			fmt.Sprintf("To have the declared one knowingly, add lifecycle { on_foreign_version = %q }; the version stays as ACSPrevious.", overwriteForeign))
		return
	}
	without := n.valueArgument()
	if n.generates() {
		without = "the generate block"
	}
	p.refuseObject(n, GuardUnseenSecretVersion,
		fmt.Sprintf("The value of %s would replace version %s, which this stack did not write.", n.object.ID, n.foreign),
		fmt.Sprintf("To keep the live value, add lifecycle { on_foreign_version = %q }, or leave %s out.", keepForeign, without),
		fmt.Sprintf("To replace it knowingly, add lifecycle { on_foreign_version = %q }; the version stays as ACSPrevious.", overwriteForeign))
}

// generates reports whether the secret's value is made by kmsplan and exists
// nowhere else.
func (n *node) generates() bool {
	_, ok := n.body.Blocks["generate"]
	return ok
}

// SecretValue is a value that configuration gives.
type SecretValue struct {
	Sent   []byte // a binary one as base64
	Binary bool   // its data type
}

// Printed is what a fingerprint is made of: a binary value differs from a text that reads the same.
func (v SecretValue) Printed() []byte {
	if v.Binary {
		return append([]byte("\x00binary\x00"), v.Sent...)
	}
	return v.Sent
}

// ConfiguredValue is the value of a secret's block as far as it is known: its value, or its value_base64.
func ConfiguredValue(body hcl.Body) (v SecretValue, known bool) {
	if value, _ := body.Attrs["value"].Unmark(); text(value) != "" {
		return SecretValue{Sent: []byte(text(value))}, true
	}
	encoded, _ := body.Attrs["value_base64"].Unmark()
	raw, err := base64.StdEncoding.DecodeString(text(encoded))
	if err != nil || len(raw) == 0 {
		return SecretValue{}, false
	}
	defer clear(raw)
	return SecretValue{Sent: base64.StdEncoding.AppendEncode(nil, raw), Binary: true}, true // line breaks do not count
}

// valueArgument is the argument that gives the value.
func (n *node) valueArgument() string {
	if v, ok := n.body.Attrs["value_base64"]; ok {
		if v, _ = v.Unmark(); !v.IsNull() {
			return "value_base64"
		}
	}
	return "value"
}

// hasValue reports whether configuration gives a value.
func (n *node) hasValue() bool {
	v, ok := n.body.Attrs[n.valueArgument()]
	v, _ = v.Unmark()
	return ok && !v.IsNull()
}

func (n *node) valueDiff() {
	null := cty.NullVal(cty.String)
	name := n.valueArgument()
	n.change.drop(name)
	n.change.Diff = append(n.change.Diff, AttrDiff{Name: name, Before: null, After: null, WriteOnly: true})
}

// valueChanged holds the configured value against the fingerprint, or the
// arguments of generate against those the value was made with.
func (p *planner) valueChanged(n *node) bool {
	if n.generates() {
		if n.prior == nil || n.prior.Attributes["generate"] == nil {
			return false // adopted with its value: nobody knows what that was made with
		}
		if reflect.DeepEqual(n.prior.Attributes["generate"], GenerateArguments(n.body.Blocks["generate"])) {
			return false
		}
		n.change.Reason = "the arguments of generate changed"
		return true
	}
	if len(sourcesOf(n.body)) > 0 {
		return p.sourceChanged(n, n.prior)
	}
	value, known := ConfiguredValue(n.body)
	fp, recorded := fingerprintOf(n.prior)
	if !known || !recorded {
		return true
	}
	if p.isHeld(n, value.Printed()) {
		return false
	}
	match := p.match(n, fp, value.Printed())
	if match == state.NotCompared {
		p.stands(n.addr, "The secret's value was not compared",
			fmt.Sprintf("This run cannot check the fingerprint that state has of the value of %s, so that nobody knows whether the declared value is the stored one. It is left as it is.", n.object.ID))
	}
	if match == state.Same && n.heldHere() && !n.declaresAnother() {
		return p.replacesHeld(n)
	}
	return match == state.Different
}

// ValuePrint is the name under which state keeps the fingerprint of a secret's value.
const ValuePrint = "value"

func fingerprintOf(r *state.Resource) (state.Fingerprint, bool) { return printOf(r, ValuePrint) }

// printOf is a fingerprint that state has; false where it has none.
func printOf(r *state.Resource, name string) (fp state.Fingerprint, recorded bool) {
	if r == nil {
		return fp, false
	}
	fp, recorded = r.Fingerprints[name]
	return fp, recorded
}

// match is Input.Compare, or the slow comparison here and now.
func (p *planner) match(n *node, fp state.Fingerprint, value []byte) state.Match {
	if p.in.Compare != nil {
		return p.in.Compare(n.addr.String(), fp, value)
	}
	return fp.Compare(value)
}

// WriteOnlyValue is a configured value that a plan holds against the fingerprint state has of it.
type WriteOnlyValue struct {
	Address     string
	Print       string // the fingerprint's name in state
	Fingerprint state.Fingerprint
	Value       []byte
}

// WriteOnlyValues lists what Calculate will compare, as far as it is known before: who supplies
// Input.Compare can compare them in parallel.
func WriteOnlyValues(cfg *hcl.Config, s state.State, live Live) []WriteOnlyValue {
	var out []WriteOnlyValue
	if !slices.ContainsFunc(s.Resources, func(r state.Resource) bool { _, recorded := r.Fingerprints["value"]; return recorded }) {
		return nil
	}
	objects := Remember(cfg, s, live)
	for a, r := range MovedAddresses(cfg, s) {
		fp, recorded := r.Fingerprints[ValuePrint]
		block := cfg.Block(a.Block())
		if !recorded || block == nil || !slices.Contains(block.Instances, a) {
			continue
		}
		body, _ := cfg.Body(a, objects)
		if v, known := ConfiguredValue(body); known {
			out = append(out, WriteOnlyValue{a.String(), ValuePrint, fp, v.Printed()})
		}
	}
	slices.SortFunc(out, func(a, b WriteOnlyValue) int { return strings.Compare(a.Address, b.Address) })
	return out
}
