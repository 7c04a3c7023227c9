package plan

import (
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/state"
)

const (
	// MaxSecretVersions is how many versions a secret keeps (KMS: PutSecretValue);
	// the next one rolls the oldest off.
	MaxSecretVersions = 10
	// versionPrefix starts the version ids that kmsplan derives (state.VersionID).
	versionPrefix = "kp-"
)

type secretPlanning struct{}

func (secretPlanning) find(p *planner, n *node) Presence { return p.findSecret(n) }
func (secretPlanning) plan(p *planner, n *node)          { p.planSecret(n) }
func (secretPlanning) targets(n *node) []string {
	return []string{text(n.body.Attrs["encryption_key"])}
}
func (secretPlanning) delete(_ *planner, n *node) {
	n.change.Calls = []string{"DeleteSecret"}
	n.change.Reason = fmt.Sprintf("removed; it can be restored for %d days", RecoveryWindow(n.removed, n.prior))
}

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
	p.findElsewhere(n)
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

func (p *planner) planSecret(n *node) {
	c := &n.change
	if c.Action == Create {
		p.createSecret(n)
		return
	}
	n.rescue("RestoreSecret")
	n.compare()
	p.staysUnder(n)
	c.Calls = append(c.Calls, n.updates()...)
	p.planValue(n)
	p.planStages(n)
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
	if from := sourcesOf(n.body); len(from) > 0 {
		n.change.Reason = cameFrom(from)
	}
	n.change.Calls = []string{"CreateSecret"}
	p.planStages(n)
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

// RecoveryWindow is how many days a deleted secret can be restored: what the
// removed block says, else what the secret was declared with, else the default (KMS: DeleteSecret).
func RecoveryWindow(removed *hcl.Removed, prior *state.Resource) int {
	if removed != nil && removed.WindowExplicit {
		return removed.WindowDays
	}
	if prior != nil {
		if v := FromState(prior.Attributes["recovery_window_days"], cty.Number); !v.IsNull() {
			days, _ := v.AsBigFloat().Int64()
			return int(days)
		}
	}
	return kind.Lookup(KindSecret, false).Removal("delete").Window.Default
}
