package draft

import (
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// rotation is how often a key rotates, in the language's words; "" for one that does not, or not as a policy could say.
func rotation(o *plan.Object) string {
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

// policies draws a rotation policy for the keys of a file that rotate alike. It needs no import block: plan takes up a
// policy whose keys rotate as it says.
func (r *region) policies() {
	for _, at := range sortedKeys(r.rotating) {
		group, every, _ := strings.Cut(at, "\x00")
		name := "every_" + every
		if group != "" {
			name = group + "_" + name
		}
		b := Block{Type: plan.KindRotation, Labels: []string{r.Names.Name(plan.KindRotation, name).Name}}
		if r.Gateway != "" {
			b.Set("gateway", Reference("gateway", r.Gateway))
		}
		b.Set("interval", Expr(`"`+every+`"`))
		var keys []Expr
		for _, o := range r.rotating[at] {
			keys = append(keys, Reference(r.Known[plan.KindKey][o.ID].String(), "id"))
		}
		slices.Sort(keys)
		b.Set("keys", ListOf(keys))
		r.put(group, b)
	}
}
