package iam

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// succession finds the keys in whose place the next apply makes another: of those whose block asks for it, the ones
// that KMS cannot make into what the block says. What refers to such a key will refer to one that is not known yet.
func (w *work) succession() {
	w.succeeded = map[addr.Address]bool{}
	for _, b := range w.Config.Blocks {
		if !b.Kind.Succeeds || b.Lifecycle.OnImmutableChange != "succeed" {
			continue
		}
		for _, a := range b.Instances {
			body, _ := w.Config.Body(a, w.objects)
			if r := w.prior[a]; r != nil && immutable(b.Kind, body, r) {
				w.succeeded[a] = true
				w.objects.Set(a, notYet(b.Kind))
			}
		}
	}
}

// immutable reports whether a block differs from its object where KMS changes nothing.
func immutable(k *kind.Kind, body hcl.Body, r *state.Resource) bool {
	for i := range k.Attributes {
		at := &k.Attributes[i]
		v, written := body.Attrs[at.Name]
		if !at.Immutable || !written || !v.IsWhollyKnown() || r.Attributes[at.Name] == nil {
			continue
		}
		if v, _ = v.UnmarkDeep(); !plan.Same(at, v, plan.FromState(r.Attributes[at.Name], at.Type)) {
			return true
		}
	}
	return false
}

// notYet is an object of which nothing is known.
func notYet(k *kind.Kind) cty.Value {
	values := map[string]cty.Value{}
	for _, at := range k.Attributes {
		if !at.WriteOnly {
			values[at.Name] = cty.UnknownVal(at.Type)
		}
	}
	return cty.ObjectVal(values)
}
