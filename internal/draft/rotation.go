package draft

import (
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Rotation is how often a key rotates, in the language's words; "" for one that does not, or not as a policy could say.
func Rotation(o *plan.Object) string {
	live := text(o.Attrs["automatic_rotation"])
	every, err := kind.ParseDuration(text(o.Attrs["rotation_interval"]))
	spec, _ := kind.LookupSpec(text(o.Attrs["spec"]))
	switch {
	case live != "Enabled" && live != "Suspended", err != nil:
		return ""
	case !spec.Symmetric || text(o.Attrs["origin"]) == kind.OriginExternal:
		return ""
	case text(o.Attrs["instance"]) == "" && every != kind.DefaultKeyRotation, every < kind.MinRotation, every > kind.MaxRotation:
		return ""
	}
	return kind.FormatDuration(every)
}

// DrawRotation writes the policy that a key rotates by.
func DrawRotation(a addr.Address, key *plan.Object, known Known) (Block, error) {
	every := Rotation(key)
	if every == "" {
		return Block{}, fmt.Errorf("the key %s does not rotate by itself, or not as a policy could say", key.ID)
	}
	e, err := known.refer(plan.KindKey, key.ID)
	return RotationBlock(a, "", every, []Expr{e}), err
}

// RotationBlock is a policy over keys.
func RotationBlock(a addr.Address, gateway, every string, keys []Expr) Block {
	b := Block{Type: plan.KindRotation, Labels: []string{a.Name}}
	if gateway != "" {
		b.Set("gateway", Reference("gateway", gateway))
	}
	b.Set("interval", Expr(`"`+every+`"`))
	slices.Sort(keys)
	b.Set("keys", ListOf(keys))
	return b
}

// policies draws a rotation policy for the keys of a file that rotate alike. It needs no import block: plan takes up a
// policy whose keys rotate as it says.
func (r *region) policies() {
	for _, at := range sortedKeys(r.rotating) {
		group, every, _ := strings.Cut(at, "\x00")
		name := "every_" + every
		if group != "" {
			name = group + "_" + name
		}
		var keys []Expr
		for _, o := range r.rotating[at] {
			keys = append(keys, Reference(r.Known[plan.KindKey][o.ID].String(), "id"))
		}
		r.put(group, RotationBlock(r.Names.Name(plan.KindRotation, name), r.Gateway, every, keys))
	}
}
