package resource

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// samePolicy compares two key policies as JSON documents.
func samePolicy(want, live string) bool {
	at := kind.Lookup(plan.KindKey, false).Attribute("policy")
	return plan.Same(at, cty.StringVal(want), cty.StringVal(live))
}
