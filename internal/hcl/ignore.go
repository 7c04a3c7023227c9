package hcl

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// WithIgnored is what a map attribute should become: wished, but with those elements that
// lifecycle { ignore_changes = [tags["x"]] } names as they live. Other values stay as wished.
func (b Body) WithIgnored(name string, wished, live cty.Value) cty.Value {
	ignored := b.ignoreKeys[name]
	if len(ignored) == 0 || !wished.IsKnown() || wished.IsNull() || !live.IsKnown() {
		return wished
	}
	elements := wished.AsValueMap()
	if elements == nil {
		elements = map[string]cty.Value{}
	}
	for _, key := range ignored {
		delete(elements, key)
	}
	if !live.IsNull() {
		for key, v := range live.AsValueMap() {
			if slices.Contains(ignored, key) {
				elements[key] = v
			}
		}
	}
	if len(elements) == 0 {
		return cty.MapValEmpty(wished.Type().ElementType())
	}
	return cty.MapVal(elements)
}
