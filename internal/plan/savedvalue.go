package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/zclconf/go-cty/cty"
)

// savedValue is a cty value with its type in JSON, in which any part may be
// unknown. Inside, every JSON object is a tagged node: {"l": […]} for lists, sets and
// tuples, {"m": {…}} for maps and objects, {"n": "…"} for numbers, {"u": true} for
// unknown; strings, booleans and null stand for themselves.
type savedValue struct{ v cty.Value }

type savedForm struct {
	Type  cty.Type        `json:"type"`
	Value json.RawMessage `json:"value"`
}

// MarshalJSON encodes the value; no value at all is null.
func (s savedValue) MarshalJSON() ([]byte, error) {
	if s.v == cty.NilVal {
		return []byte("null"), nil
	}
	raw, err := json.Marshal(packed(s.v))
	if err != nil {
		return nil, err
	}
	return json.Marshal(savedForm{s.v.Type(), raw})
}

type savedNode struct {
	List    []any          `json:"l,omitempty"`
	Map     map[string]any `json:"m,omitempty"`
	Number  string         `json:"n,omitempty"`
	Unknown bool           `json:"u,omitempty"`
}

func packed(v cty.Value) any {
	ty := v.Type()
	switch {
	case !v.IsKnown():
		return savedNode{Unknown: true}
	case v.IsNull():
		return nil
	case ty == cty.String:
		return v.AsString()
	case ty == cty.Bool:
		return v.True()
	case ty == cty.Number:
		return savedNode{Number: v.AsBigFloat().Text('g', -1)}
	case ty.IsMapType() || ty.IsObjectType():
		m := make(map[string]any, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			m[k.AsString()] = packed(e)
		}
		return savedNode{Map: m}
	default:
		var l []any
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			l = append(l, packed(e))
		}
		return savedNode{List: l}
	}
}

// UnmarshalJSON decodes what MarshalJSON wrote.
func (s *savedValue) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		s.v = cty.NilVal
		return nil
	}
	var form savedForm
	if err := json.Unmarshal(raw, &form); err != nil {
		return err
	}
	if form.Type == cty.NilType {
		return errors.New("a value without a type")
	}
	v, err := unpacked(form.Value, form.Type)
	s.v = v
	return err
}

func unpacked(raw json.RawMessage, ty cty.Type) (cty.Value, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return cty.NilVal, errors.New("an empty value")
	}
	switch raw[0] {
	case 'n':
		return cty.NullVal(ty), nil
	case '"', 't', 'f':
		return unpackedPrimitive(raw, ty)
	}
	var n struct {
		List    []json.RawMessage          `json:"l"`
		Map     map[string]json.RawMessage `json:"m"`
		Number  string                     `json:"n"`
		Unknown bool                       `json:"u"`
	}
	if err := json.Unmarshal(raw, &n); err != nil {
		return cty.NilVal, err
	}
	switch {
	case n.Unknown:
		return cty.UnknownVal(ty), nil
	case ty == cty.Number:
		return unpackedNumber(n.Number)
	case ty.IsObjectType():
		return unpackedObject(n.Map, ty)
	case ty.IsMapType():
		return unpackedMap(n.Map, ty)
	case ty.IsTupleType():
		return unpackedTuple(n.List, ty)
	case ty.IsListType() || ty.IsSetType():
		return unpackedList(n.List, ty)
	}
	return cty.NilVal, fmt.Errorf("a value that is no %s", ty.FriendlyName())
}

// savedNumber is a number whose reading takes no time worth mentioning: an exponent of
// nine digits would take minutes.
var savedNumber = regexp.MustCompile(`^[+-]?[0-9.]{1,400}(e[+-]?[0-9]{1,4})?$`)

func unpackedNumber(text string) (cty.Value, error) {
	if !savedNumber.MatchString(text) {
		return cty.NilVal, errors.New("a number that is none")
	}
	return cty.ParseNumberVal(text)
}

func unpackedPrimitive(raw []byte, ty cty.Type) (cty.Value, error) {
	var x any
	if err := json.Unmarshal(raw, &x); err != nil {
		return cty.NilVal, err
	}
	v := FromState(x, ty)
	if v.IsNull() {
		return cty.NilVal, fmt.Errorf("a value that is no %s", ty.FriendlyName())
	}
	return v, nil
}

func unpackedObject(m map[string]json.RawMessage, ty cty.Type) (cty.Value, error) {
	vals := make(map[string]cty.Value, len(m))
	for name, at := range ty.AttributeTypes() {
		v, err := unpacked(m[name], at)
		if err != nil {
			return cty.NilVal, err
		}
		vals[name] = v
	}
	return cty.ObjectVal(vals), nil
}

func unpackedMap(m map[string]json.RawMessage, ty cty.Type) (cty.Value, error) {
	if len(m) == 0 {
		return cty.MapValEmpty(ty.ElementType()), nil
	}
	vals := make(map[string]cty.Value, len(m))
	for k, raw := range m {
		v, err := unpacked(raw, ty.ElementType())
		if err != nil {
			return cty.NilVal, err
		}
		vals[k] = v
	}
	return cty.MapVal(vals), nil
}

func unpackedTuple(l []json.RawMessage, ty cty.Type) (cty.Value, error) {
	types := ty.TupleElementTypes()
	if len(l) != len(types) {
		return cty.NilVal, errors.New("a tuple of the wrong length")
	}
	vals := make([]cty.Value, len(l))
	for i, raw := range l {
		v, err := unpacked(raw, types[i])
		if err != nil {
			return cty.NilVal, err
		}
		vals[i] = v
	}
	return cty.TupleVal(vals), nil
}

func unpackedList(l []json.RawMessage, ty cty.Type) (cty.Value, error) {
	vals := make([]cty.Value, len(l))
	for i, raw := range l {
		v, err := unpacked(raw, ty.ElementType())
		if err != nil {
			return cty.NilVal, err
		}
		vals[i] = v
	}
	switch {
	case ty.IsSetType() && len(vals) == 0:
		return cty.SetValEmpty(ty.ElementType()), nil
	case ty.IsSetType():
		return cty.SetVal(vals), nil
	case len(vals) == 0:
		return cty.ListValEmpty(ty.ElementType()), nil
	}
	return cty.ListVal(vals), nil
}
