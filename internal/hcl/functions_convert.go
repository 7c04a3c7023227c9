package hcl

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// collectionFunc is tolist, toset or tomap. cty compares the types of all elements with
// each other, which takes a second for 10,000; elements of one type, the common case, are
// put together here instead.
func collectionFunc(wrap func(cty.Type) cty.Type, from func(cty.Type) bool, build func(cty.Value) cty.Value) function.Function {
	general := stdlib.MakeToFunc(wrap(cty.DynamicPseudoType))
	return function.New(&function.Spec{
		Params: general.Params(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if t, ok := commonType(args[0]); ok && from(args[0].Type()) {
				return wrap(t), nil
			}
			if n := elementTypes(args[0].Type()); n > maxMixed {
				return cty.NilType, tooLarge{fmt.Sprintf("a collection of %d values of several types is more than kmsplan compares", n)}
			}
			return general.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v := args[0]
			if _, ok := commonType(v); ok && from(v.Type()) && v.IsKnown() && !v.IsNull() && !v.IsMarked() {
				return build(v), nil
			}
			return general.Call(args)
		},
	})
}

// commonType is the type of all elements of a tuple or object, when they have one.
func commonType(v cty.Value) (cty.Type, bool) {
	var first cty.Type
	switch t := v.Type(); {
	case t.IsTupleType():
		for i, e := range t.TupleElementTypes() {
			if i == 0 {
				first = e
			} else if !e.Equals(first) {
				return cty.NilType, false
			}
		}
	case t.IsObjectType():
		for _, e := range t.AttributeTypes() {
			if first == cty.NilType {
				first = e
			} else if !e.Equals(first) {
				return cty.NilType, false
			}
		}
	}
	return first, first != cty.NilType && first != cty.DynamicPseudoType
}

var (
	toListFunc = collectionFunc(cty.List, cty.Type.IsTupleType, func(v cty.Value) cty.Value { return cty.ListVal(v.AsValueSlice()) })
	toSetFunc  = collectionFunc(cty.Set, cty.Type.IsTupleType, func(v cty.Value) cty.Value { return cty.SetVal(v.AsValueSlice()) })
	toMapFunc  = collectionFunc(cty.Map, cty.Type.IsObjectType, func(v cty.Value) cty.Value { return cty.MapVal(v.AsValueMap()) })
)
