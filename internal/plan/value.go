package plan

import (
	"encoding/json"

	"github.com/zclconf/go-cty/cty"
)

// ToState converts a known, unmarked attribute value to the JSON form state
// keeps. Unknown and null become nil.
func ToState(v cty.Value) any {
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return nil
	}
	switch ty := v.Type(); {
	case ty == cty.String:
		return v.AsString()
	case ty == cty.Bool:
		return v.True()
	case ty == cty.Number:
		f, _ := v.AsBigFloat().Float64()
		return f
	case ty.IsMapType() || ty.IsObjectType():
		out := make(map[string]any, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			out[k.AsString()] = ToState(e)
		}
		return out
	default:
		out := make([]any, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			out = append(out, ToState(e))
		}
		return out
	}
}

// FromState converts a state attribute back to a value of the attribute's
// type; what does not fit the type is null.
func FromState(x any, ty cty.Type) cty.Value {
	switch x := x.(type) {
	case string:
		if ty == cty.String {
			return cty.StringVal(x)
		}
	case bool:
		if ty == cty.Bool {
			return cty.BoolVal(x)
		}
	case float64:
		if ty == cty.Number {
			return cty.NumberFloatVal(x)
		}
	case int:
		if ty == cty.Number {
			return cty.NumberIntVal(int64(x))
		}
	case json.Number:
		if v, err := cty.ParseNumberVal(x.String()); err == nil && ty == cty.Number {
			return v
		}
	case map[string]any:
		return mapFromState(x, ty)
	case []any:
		return listFromState(x, ty)
	}
	return cty.NullVal(ty)
}

func mapFromState(x map[string]any, ty cty.Type) cty.Value {
	if !ty.IsMapType() {
		return cty.NullVal(ty)
	}
	if len(x) == 0 {
		return cty.MapValEmpty(ty.ElementType())
	}
	elems := make(map[string]cty.Value, len(x))
	for k, e := range x {
		elems[k] = FromState(e, ty.ElementType())
	}
	return cty.MapVal(elems)
}

func listFromState(x []any, ty cty.Type) cty.Value {
	if !ty.IsSetType() && !ty.IsListType() {
		return cty.NullVal(ty)
	}
	elems := make([]cty.Value, len(x))
	for i, e := range x {
		elems[i] = FromState(e, ty.ElementType())
	}
	switch {
	case ty.IsSetType() && len(elems) == 0:
		return cty.SetValEmpty(ty.ElementType())
	case ty.IsSetType():
		return cty.SetVal(elems)
	case len(elems) == 0:
		return cty.ListValEmpty(ty.ElementType())
	}
	return cty.ListVal(elems)
}

// Strings lists the known, non-null strings of a set or list of strings.
func Strings(v cty.Value) []string {
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return nil
	}
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); e.IsKnown() && !e.IsNull() {
			out = append(out, e.AsString())
		}
	}
	return out
}

// StringMap converts a known map of strings; null and unknown elements are
// left out.
func StringMap(v cty.Value) map[string]string {
	out := map[string]string{}
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return out
	}
	for it := v.ElementIterator(); it.Next(); {
		if k, e := it.Element(); e.IsKnown() && !e.IsNull() {
			out[k.AsString()] = e.AsString()
		}
	}
	return out
}

// MapOf is the map(string) value of m, empty rather than null.
func MapOf(m map[string]string) cty.Value {
	if len(m) == 0 {
		return cty.MapValEmpty(cty.String)
	}
	vals := make(map[string]cty.Value, len(m))
	for k, v := range m {
		vals[k] = cty.StringVal(v)
	}
	return cty.MapVal(vals)
}

// text returns a known, non-null string, or "".
func text(v cty.Value) string {
	if v == cty.NilVal || v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		return ""
	}
	return v.AsString()
}

// truth reports whether v is the known value true.
func truth(v cty.Value) bool {
	return v != cty.NilVal && v.Type() == cty.Bool && v.IsKnown() && !v.IsNull() && v.True()
}

// known reports whether v is known throughout.
func known(v cty.Value) bool { return v != cty.NilVal && v.IsWhollyKnown() }
