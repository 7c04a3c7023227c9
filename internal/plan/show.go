package plan

import (
	"encoding/json"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// show renders an attribute's value inside a sentence. Only values that may
// enter a plan reach it.
func show(v cty.Value) string {
	switch {
	case v == cty.NilVal || v.IsKnown() && v.IsNull():
		return "null"
	case !v.IsWhollyKnown():
		return "(known after apply)"
	}
	text, err := json.Marshal(ToState(v))
	if err != nil {
		return "(unprintable)"
	}
	return string(text)
}

// sorted sorts a list of strings in place and returns it.
func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
