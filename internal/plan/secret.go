package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

const (
	// MaxSecretVersions is how many versions a secret keeps (KMS: PutSecretValue);
	// the next one rolls the oldest off.
	MaxSecretVersions = 10
	// versionPrefix starts the version ids that kmsplan derives (state.VersionID).
	versionPrefix = "kp-"
)

// findSecret looks for a live secret of the declared name that state does not
// know; ours by its tags, or another's.
func (p *planner) findSecret(n *node) Presence {
	name := text(n.body.Attrs["name"])
	deleted, exists := n.live.Secrets[name]
	if o := n.live.object(KindSecret, name); o != nil {
		n.object, exists, deleted = o, true, o.DeleteAt
	}
	if !exists {
		return Absent
	}
	ours := slices.Contains(n.live.Owned[OwnedBy(KindSecret, AddressTag(n.addr))], name)
	switch dying := !deleted.IsZero(); {
	case n.object == nil && dying:
		return FoundForeignDying
	case n.object == nil:
		return FoundForeign
	case ours && dying:
		return FoundDying
	case ours:
		return FoundOurs
	case dying:
		return FoundForeignDying
	}
	return FoundForeign
}

// generates reports whether the secret's value is made by kmsplan and exists
// nowhere else.
func (n *node) generates() bool {
	_, ok := n.body.Blocks["generate"]
	return ok
}

// hasValue reports whether configuration gives a value.
func (n *node) hasValue() bool {
	v, ok := n.body.Attrs["value"]
	v, _ = v.Unmark()
	return ok && !v.IsNull()
}

func (p *planner) planSecret(n *node) {
	c := &n.change
	if c.Action == Create {
		p.createSecret(n)
		return
	}
	n.rescue("RestoreSecret")
	if immutable := n.compare(); len(immutable) > 0 {
		p.refuseImmutable(n, immutable)
		return
	}
	if c.diffs("description") {
		c.Calls = append(c.Calls, "UpdateSecret")
	}
	c.Calls = append(c.Calls, n.tagCalls()...)
	p.planValue(n)
	if c.Action == NoOp && len(c.Calls) > 0 {
		c.Action = Update
	}
}

func (p *planner) createSecret(n *node) {
	if !n.hasValue() && !n.generates() {
		n.refused = true
		p.noValue(n)
		return
	}
	if n.lacksKey() {
		n.refused = true
		p.noEncryptionKey(n)
		return
	}
	n.creation()
	if n.generates() {
		n.valueDiff()
		n.change.Reason = "its value is generated at apply"
	}
	n.change.Calls = []string{"CreateSecret"}
}

// lacksKey reports whether a new secret would go into an instance without a key
// of that instance to encrypt it (KMS: CreateSecret).
func (n *node) lacksKey() bool {
	if v, ok := n.body.Attrs["encryption_key"]; ok && !(v.IsKnown() && v.IsNull()) {
		return false
	}
	if v, ok := n.body.Attrs["instance"]; ok {
		return !(v.IsKnown() && v.IsNull())
	}
	return n.live.InstanceID != ""
}

// planValue plans a new version when the value is not the one state has a
// fingerprint of. The live value is never read.
func (p *planner) planValue(n *node) {
	if n.ignores("value") || !n.valueChanged() {
		return
	}
	if !p.guardUnseen(n) {
		return
	}
	n.valueDiff()
	n.change.Calls = append(n.change.Calls, "PutSecretValue")
	if live := n.object.Versions; len(live) >= MaxSecretVersions {
		p.warn(n.addr, "A secret version will roll off",
			fmt.Sprintf("KMS keeps %d versions of a secret. Storing a new one drops the oldest without a used stage, probably %s.", MaxSecretVersions, live[0]))
	}
}

func (n *node) valueDiff() {
	null := cty.NullVal(cty.String)
	n.change.drop("value")
	n.change.Diff = append(n.change.Diff, AttrDiff{Name: "value", Before: null, After: null, WriteOnly: true})
}

// valueChanged holds the configured value against the fingerprint, or the
// arguments of generate against those the value was made with.
func (n *node) valueChanged() bool {
	if n.generates() {
		if n.prior == nil {
			return false // adopted with its value
		}
		if reflect.DeepEqual(n.prior.Attributes["generate"], GenerateArguments(n.body.Blocks["generate"])) {
			return false
		}
		n.change.Reason = "the arguments of generate changed"
		return true
	}
	if !n.hasValue() {
		return false
	}
	v, _ := n.body.Attrs["value"].Unmark()
	if !v.IsKnown() || n.prior == nil {
		return true
	}
	fp, recorded := n.prior.Fingerprints["value"]
	return !recorded || !fp.Matches([]byte(v.AsString()))
}

// GenerateArguments is the form in which state remembers what a generated value
// was made with: the arguments that are set.
func GenerateArguments(block map[string]cty.Value) any {
	out := map[string]any{}
	for name, v := range block {
		v, _ = v.Unmark()
		if x := ToState(v); x != nil {
			out[name] = x
		}
	}
	return out
}

// guardUnseen refuses to overwrite a version that this stack has never seen: it
// was written by somebody, and may be the one in use. An import block says that
// the live version is known and may be superseded.
func (p *planner) guardUnseen(n *node) bool {
	current := n.object.Current
	if current == "" || n.seen(current) {
		return true
	}
	if id, imported := p.imports[n.addr]; imported && id == n.object.ID {
		p.warn(n.addr, "A version written by someone else is superseded",
			fmt.Sprintf("The import block takes the secret over as it is: version %s stays as ACSPrevious.", current))
		return true
	}
	n.refused = true
	p.refuse(GuardUnseenSecretVersion, n.addr,
		fmt.Sprintf("The value of %s would replace version %s, which this stack did not write and has never seen.", n.object.ID, current),
		"To keep the live value, leave value out or add lifecycle { ignore_changes = [value] }.",
		fmt.Sprintf("To replace it knowingly, add import { to = %s, id = %q }: it takes the live version into state, and the new value supersedes it.", n.addr, n.object.ID))
	return false
}

func (n *node) seen(version string) bool {
	if n.prior == nil {
		return strings.HasPrefix(version, versionPrefix)
	}
	return slices.Contains(n.prior.Versions, version)
}
