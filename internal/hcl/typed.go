package hcl

import (
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// checkSteps checks a traversal's attribute steps against an object type, as far as they
// are written out.
func checkSteps(steps hclv2.Traversal, typ cty.Type, owner string) *hclv2.Diagnostic {
	for _, step := range steps {
		attr, ok := step.(hclv2.TraverseAttr)
		if !ok || !typ.IsObjectType() {
			return nil
		}
		if !typ.HasAttribute(attr.Name) {
			return fault(attr.SrcRange, "Unsupported attribute", "%s has no attribute %q.%s",
				owner, attr.Name, didYouMean(attr.Name, slices.Sorted(maps.Keys(typ.AttributeTypes()))))
		}
		owner, typ = owner+"."+attr.Name, typ.AttributeType(attr.Name)
	}
	return nil
}
