package hcl

import (
	"errors"
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// foldBools makes alltrue and anytrue: the first element equal to stop decides.
func foldBools(stop bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			unknown := false
			for it := args[0].ElementIterator(); it.Next(); {
				_, v := it.Element()
				switch {
				case !v.IsKnown():
					unknown = true
				case v.IsNull() && !stop, !v.IsNull() && v.True() == stop:
					return cty.BoolVal(stop), nil
				}
			}
			if unknown {
				return cty.UnknownVal(cty.Bool), nil
			}
			return cty.BoolVal(!stop), nil
		},
	})
}

var (
	allTrueFunc = foldBools(false)
	anyTrueFunc = foldBools(true)
)

var sumFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !args[0].CanIterateElements() || args[0].LengthInt() == 0 {
			return cty.UnknownVal(cty.Number), errors.New("sum needs a list of at least one number")
		}
		total := cty.Zero
		for it := args[0].ElementIterator(); it.Next(); {
			_, v := it.Element()
			n, err := convert.Convert(v, cty.Number)
			if err != nil || n.IsNull() {
				return cty.UnknownVal(cty.Number), errors.New("sum needs a list of numbers")
			}
			total = total.Add(n)
		}
		return total, nil
	},
})

// coalesceFunc is the first argument that is neither null nor the empty text.
var coalesceFunc = function.New(&function.Spec{
	VarParam: &function.Parameter{Name: "values", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true, AllowNull: true},
	Type: func(args []cty.Value) (cty.Type, error) {
		types := make([]cty.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
		}
		typ, _ := convert.UnifyUnsafe(types)
		if typ == cty.NilType {
			return cty.NilType, errors.New("all arguments must be of one type")
		}
		return typ, nil
	},
	Impl: func(args []cty.Value, typ cty.Type) (cty.Value, error) {
		for _, a := range args {
			v, err := convert.Convert(a, typ)
			if err != nil {
				return cty.NilVal, err
			}
			if !v.IsKnown() {
				return cty.UnknownVal(typ), nil
			}
			if !v.IsNull() && (typ != cty.String || v.AsString() != "") {
				return v, nil
			}
		}
		return cty.NilVal, errors.New("every argument is null or empty")
	},
})

var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true}},
	Type: func(args []cty.Value) (cty.Type, error) {
		t := args[0].Type()
		if t == cty.String || t == cty.DynamicPseudoType || t.IsCollectionType() || t.IsTupleType() || t.IsObjectType() {
			return cty.Number, nil
		}
		return cty.Number, errors.New("length needs a text, a list, a set or a map")
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v := args[0]
		switch t := v.Type(); {
		case t == cty.DynamicPseudoType:
			return cty.UnknownVal(cty.Number), nil
		case t.IsTupleType():
			return cty.NumberIntVal(int64(t.Length())), nil
		case t.IsObjectType():
			return cty.NumberIntVal(int64(len(t.AttributeTypes()))), nil
		case !v.IsKnown():
			return cty.UnknownVal(cty.Number), nil
		case t == cty.String:
			return stdlib.Strlen(v)
		}
		return v.Length(), nil
	},
})

var indexFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}, {Name: "value", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !args[0].Type().IsListType() && !args[0].Type().IsTupleType() {
			return cty.NilVal, function.NewArgErrorf(0, "index needs a list")
		}
		for it := args[0].ElementIterator(); it.Next(); {
			i, v := it.Element()
			eq, err := stdlib.Equal(v, args[1])
			if err != nil {
				return cty.NilVal, err
			}
			if !eq.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if eq.True() {
				return i, nil
			}
		}
		return cty.NilVal, errors.New("the list has no such element")
	},
})

// containsFunc compares with null as with any other value.
var containsFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}, {Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true}},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if t := args[0].Type(); !t.IsListType() && !t.IsTupleType() && !t.IsSetType() {
			return cty.UnknownVal(cty.Bool), function.NewArgErrorf(0, "contains needs a list or a set")
		}
		if !args[1].IsKnown() {
			return cty.UnknownVal(cty.Bool), nil
		}
		unknown := false
		for it := args[0].ElementIterator(); it.Next(); {
			switch _, v := it.Element(); {
			case v.IsNull() || args[1].IsNull():
				if v.IsNull() && args[1].IsNull() {
					return cty.True, nil
				}
			default:
				eq, err := stdlib.Equal(v, args[1])
				if err == nil && eq.IsKnown() && eq.True() {
					return cty.True, nil
				}
				unknown = unknown || err == nil && !eq.IsKnown()
			}
		}
		if unknown {
			return cty.UnknownVal(cty.Bool), nil
		}
		return cty.False, nil
	},
})

var lookupFunc = function.New(&function.Spec{
	Params:   []function.Parameter{{Name: "map", Type: cty.DynamicPseudoType}, {Name: "key", Type: cty.String}},
	VarParam: &function.Parameter{Name: "default", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true, AllowNull: true},
	Type: func(args []cty.Value) (cty.Type, error) {
		if len(args) > 3 {
			return cty.NilType, errors.New("lookup takes a map, a key and at most one default")
		}
		if t := args[0].Type(); !t.IsMapType() && !t.IsObjectType() {
			return cty.NilType, function.NewArgErrorf(0, "lookup needs a map")
		}
		if t := args[0].Type(); t.IsMapType() {
			return t.ElementType(), nil
		}
		return cty.DynamicPseudoType, nil
	},
	Impl: func(args []cty.Value, typ cty.Type) (cty.Value, error) {
		m, key := args[0], args[1].AsString()
		switch {
		case m.Type().IsObjectType() && m.Type().HasAttribute(key):
			return m.GetAttr(key), nil
		case m.Type().IsMapType() && m.HasIndex(args[1]).True():
			return m.Index(args[1]), nil
		case len(args) == 3:
			v, err := convert.Convert(args[2], typ)
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(2, "the default is no %s, as the map's elements are: %s", typ.FriendlyName(), err)
			}
			return v, nil
		}
		return cty.NilVal, fmt.Errorf("the map has no element %q, and lookup was given no default", key)
	},
})

var oneFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type: func(args []cty.Value) (cty.Type, error) {
		switch t := args[0].Type(); {
		case t.IsListType() || t.IsSetType():
			return t.ElementType(), nil
		case t.IsTupleType() && t.Length() == 1:
			return t.TupleElementType(0), nil
		case t.IsTupleType() && t.Length() == 0:
			return cty.DynamicPseudoType, nil
		}
		return cty.NilType, errors.New("one needs a list or set of at most one element")
	},
	Impl: func(args []cty.Value, typ cty.Type) (cty.Value, error) {
		elements := args[0].AsValueSlice()
		switch len(elements) {
		case 0:
			return cty.NullVal(typ), nil
		case 1:
			return elements[0], nil
		}
		return cty.NilVal, errors.New("one needs a list or set of at most one element")
	},
})

var matchKeysFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "values", Type: cty.List(cty.DynamicPseudoType)}, {Name: "keys", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "searched", Type: cty.List(cty.DynamicPseudoType)},
	},
	Type: func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
	Impl: func(args []cty.Value, typ cty.Type) (cty.Value, error) {
		both, _ := convert.UnifyUnsafe([]cty.Type{args[1].Type(), args[2].Type()})
		if both == cty.NilType {
			return cty.NilVal, errors.New("the keys and what is searched for are of types that are never equal")
		}
		for i := range args[1:] {
			list, err := convert.Convert(args[1+i], both) // 1 and "1" are the same key, as in Terraform
			if err != nil {
				return cty.NilVal, err
			}
			args[1+i] = list
		}
		values, keys, searched := args[0].AsValueSlice(), args[1].AsValueSlice(), args[2].AsValueSlice()
		if len(values) != len(keys) {
			return cty.NilVal, errors.New("the lists of values and keys differ in length")
		}
		if !args[1].IsWhollyKnown() || !args[2].IsWhollyKnown() {
			return cty.UnknownVal(typ), nil
		}
		var found []cty.Value
		for i, key := range keys {
			if slices.ContainsFunc(searched, func(s cty.Value) bool { return s.RawEquals(key) }) {
				found = append(found, values[i])
			}
		}
		if len(found) == 0 {
			return cty.ListValEmpty(typ.ElementType()), nil
		}
		return cty.ListVal(found), nil
	},
})

var transposeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "map", Type: cty.Map(cty.List(cty.String))}},
	Type:   function.StaticReturnType(cty.Map(cty.List(cty.String))),
	Impl: func(args []cty.Value, typ cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(typ), nil
		}
		swapped := map[string][]cty.Value{}
		for it := args[0].ElementIterator(); it.Next(); {
			key, list := it.Element()
			if list.IsNull() {
				return cty.NilVal, errors.New("a list in the map is null")
			}
			for inner := list.ElementIterator(); inner.Next(); {
				_, v := inner.Element()
				if v.IsNull() {
					return cty.NilVal, errors.New("a text in the map's lists is null")
				}
				swapped[v.AsString()] = append(swapped[v.AsString()], key)
			}
		}
		out := map[string]cty.Value{}
		for k, list := range swapped {
			out[k] = cty.ListVal(list)
		}
		if len(out) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		return cty.MapVal(out), nil
	},
})
