package hcl

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

func markFunc(typ function.TypeFunc, f func(cty.Value) cty.Value) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{
			Name: "value", Type: cty.DynamicPseudoType,
			AllowUnknown: true, AllowNull: true, AllowMarked: true, AllowDynamicType: true,
		}},
		Type: typ,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f(args[0]), nil },
	})
}

func sameType(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil }

var (
	sensitiveFunc    = markFunc(sameType, func(v cty.Value) cty.Value { return v.Mark(Sensitive) })
	nonsensitiveFunc = markFunc(sameType, unmarkSensitive)
	isSensitiveFunc  = markFunc(function.StaticReturnType(cty.Bool), func(v cty.Value) cty.Value { return cty.BoolVal(v.HasMark(Sensitive)) })
)

// unmarkSensitive takes the Sensitive mark off and leaves others, Ephemeral among them.
func unmarkSensitive(v cty.Value) cty.Value {
	v, marks := v.Unmark()
	delete(marks, Sensitive)
	return v.WithMarks(marks)
}
