package plan

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// PolicyParts are two versions of a policy as values whose elements can be compared; ok is false where they are no
// policies.
func PolicyParts(before, after cty.Value) (was, is cty.Value, ok bool) {
	if text(unmarked(before)) == "" || text(unmarked(after)) == "" {
		return cty.NilVal, cty.NilVal, false
	}
	return kind.PolicyParts(before.AsString(), after.AsString())
}

// unmarked is a value that may be shown, or NilVal.
func unmarked(v cty.Value) cty.Value {
	if v == cty.NilVal || v.IsMarked() {
		return cty.NilVal
	}
	return v
}
