package resource

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/schema"
)

// samePolicy compares two key policies as JSON documents.
func samePolicy(want, live string) bool {
	at := schema.Lookup(plan.KindKey, false).Attribute("policy")
	return plan.Same(at, cty.StringVal(want), cty.StringVal(live))
}
