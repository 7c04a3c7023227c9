package draft

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Rotation is how often a key or a managed secret rotates, in the language's words; "" for one that does not, or not as a
// policy could say.
func Rotation(o *plan.Object) string {
	live := text(o.Attrs["automatic_rotation"])
	every, err := kind.ParseDuration(text(o.Attrs["rotation_interval"]))
	switch {
	case live != "Enabled" && live != "Suspended", err != nil:
		return ""
	case o.Kind == plan.KindSecret && !rotatesSecret(o, every), o.Kind == plan.KindKey && !rotatesKey(o, every):
		return ""
	}
	return kind.FormatDuration(every)
}

func rotatesSecret(o *plan.Object, every time.Duration) bool {
	return kind.ManagedSecret(text(o.Attrs["type"])) && every >= kind.MinSecretRotation && every <= kind.MaxSecretRotation
}

func rotatesKey(o *plan.Object, every time.Duration) bool {
	spec, _ := kind.LookupSpec(text(o.Attrs["spec"]))
	if !spec.Symmetric || text(o.Attrs["origin"]) == kind.OriginExternal || every < kind.MinRotation || every > kind.MaxRotation {
		return false
	}
	return text(o.Attrs["instance"]) != "" || every == kind.DefaultKeyRotation
}

// DrawRotation writes the policy that a key or a managed secret rotates by; gateway "" is the default.
func DrawRotation(a addr.Address, gateway string, o *plan.Object, known Known) (Block, error) {
	every := Rotation(o)
	if every == "" {
		return Block{}, fmt.Errorf("the %s %s does not rotate by itself, or not as a policy could say", o.Kind, o.ID)
	}
	e, err := known.refer(o.Kind, o.ID)
	return RotationBlock(a, gateway, every, o.Kind, []Expr{e}), err
}

// RotationBlock is a policy over keys, or over secrets.
func RotationBlock(a addr.Address, gateway, every, of string, rotated []Expr) Block {
	b := Block{Type: plan.KindRotation, Labels: []string{a.Name}}
	if gateway != "" {
		b.Set("gateway", Reference("gateway", gateway))
	}
	b.Set("interval", Expr(`"`+every+`"`))
	slices.Sort(rotated)
	b.Set(of+"s", ListOf(rotated))
	return b
}

// rotatingAt is where the objects that one policy rotates stand in a region that is drawn.
type rotatingAt struct{ group, kind, every string }

// rotates remembers an object that is drawn, for the policy that rotates it.
func (r *region) rotates(group string, o *plan.Object) {
	if every := Rotation(o); every != "" {
		at := rotatingAt{group, o.Kind, every}
		r.rotating[at] = append(r.rotating[at], o)
	}
}

// policies draws a rotation policy for the keys of a file that rotate alike, and one for its secrets: the intervals of keys
// and secrets have other bounds. It needs no import block: plan takes up a policy whose objects rotate as it says.
func (r *region) policies(of string) {
	var places []rotatingAt
	for at := range r.rotating {
		if at.kind == of {
			places = append(places, at)
		}
	}
	slices.SortFunc(places, func(a, b rotatingAt) int {
		return strings.Compare(a.group+"\x00"+a.every, b.group+"\x00"+b.every)
	})
	for _, at := range places {
		var rotated []Expr
		for _, o := range r.rotating[at] {
			e, err := r.Known.refer(of, o.ID)
			if err != nil {
				r.leave(o, "its rotation is not drawn: "+err.Error())
				continue
			}
			rotated = append(rotated, e)
		}
		if len(rotated) > 0 {
			r.put(at.group, RotationBlock(r.Names.Name(plan.KindRotation, at.name()), r.Gateway, at.every, of, rotated))
		}
	}
}

func (at rotatingAt) name() string {
	name := "every_" + at.every
	if at.kind == plan.KindSecret {
		name = "secrets_" + name
	}
	if at.group != "" {
		name = at.group + "_" + name
	}
	return name
}
