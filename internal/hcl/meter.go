package hcl

import (
	"fmt"
	"reflect"
	"sync/atomic"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Values can grow without bound in a few lines: a text that holds another twice, thirty times over; every
// combination of long lists; loops in loops. So evaluation is metered in one place: whatever an expression
// puts together (the parts of a template, the elements of a list, the rounds of a loop, the results of
// functions) is charged before it is kept, and an expression whose budget is spent is refused. The bounds are
// bytes of memory, roughly, and far above what a configuration needs.
const (
	maxValue = 32 << 20 // one value; a function reads files of at most half of that
	maxWork  = 64 << 20 // what one expression puts together
	maxTotal = 2 << 30  // what a module puts together in a run
	leastFee = 64       // one element, whatever it is
	stepFee  = 320      // one step, on top of what it yields
	errorFee = 8 << 10  // one error: loops go on after one, and each is kept
)

// tooLarge is why an evaluation was stopped.
type tooLarge struct{ why string }

func (e tooLarge) Error() string { return e.why }

// work is the budget of a whole module, shared by all its evaluations.
type work struct{ spent atomic.Int64 }

func (w *work) take(fee int64) error {
	if w != nil && w.spent.Add(fee) > maxTotal {
		return tooLarge{fmt.Sprintf("the configuration as a whole takes more than kmsplan evaluates (about %d GiB of values)", maxTotal>>30)}
	}
	return nil
}

// meter is the budget of one evaluation; one goroutine uses it.
type meter struct {
	left   int64
	total  *work
	failed error // why it is spent; it stays
}

// charge takes what a value costs, and says why it cannot be kept.
func (m *meter) charge(v cty.Value) error {
	if m.failed != nil {
		return m.failed
	}
	size, err := sizeOf(v, maxValue)
	if err == nil {
		size += stepFee
		m.left -= size
		if err = m.total.take(size); err == nil && m.left < 0 {
			err = tooLarge{fmt.Sprintf("it puts together more than %d MiB", maxWork>>20)}
		}
	}
	if _, spent := err.(tooLarge); spent {
		m.failed = err
	}
	return err
}

// The meter and the module's budget travel in the evaluation's context, under names no reference can spell.
const (
	meterName = " meter"
	workName  = " work"
)

var (
	meterType = cty.Capsule("meter", reflect.TypeFor[meter]())
	workType  = cty.Capsule("work", reflect.TypeFor[work]())
)

func meterOf(ctx *hclv2.EvalContext) *meter {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[meterName]; ok {
			return v.EncapsulatedValue().(*meter)
		}
	}
	return nil
}

func workOf(ctx *hclv2.EvalContext) *work {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[workName]; ok {
			return v.EncapsulatedValue().(*work)
		}
	}
	return nil
}

// evaluate is how every expression of the language is evaluated: within a budget.
func evaluate(expr hclv2.Expression, ctx *hclv2.EvalContext) (cty.Value, hclv2.Diagnostics) {
	native, isNative := expr.(hclsyntax.Expression)
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr, *hclsyntax.ScopeTraversalExpr:
		return checked(expr, ctx, nil)
	case *hclsyntax.TemplateExpr:
		if e.IsStringLiteral() {
			return expr.Value(ctx)
		}
	}
	if isNative && bounded(native) {
		return checked(expr, ctx, &meter{left: maxWork, total: workOf(ctx)})
	}
	m := &meter{left: maxWork, total: workOf(ctx)}
	if ctx == nil {
		if !isNative || len(expr.Variables()) > 0 {
			return checked(expr, nil, m) // JSON takes its texts literally, and names are refused
		}
		ctx = &hclv2.EvalContext{}
	}
	return checked(expr, m.within(ctx), m)
}

// within is the context in which the meter counts.
func (m *meter) within(ctx *hclv2.EvalContext) *hclv2.EvalContext {
	inner := ctx.NewChild()
	inner.Variables = map[string]cty.Value{meterName: cty.CapsuleVal(meterType, m)}
	return inner
}

// checked evaluates and looks at the result as a whole.
func checked(expr hclv2.Expression, ctx *hclv2.EvalContext, m *meter) (cty.Value, hclv2.Diagnostics) {
	v, diags := expr.Value(ctx)
	if v == cty.NilVal {
		v = cty.DynamicVal
	}
	if m == nil { // a literal, or a name whose value was looked at before
		if v.Type() != cty.Number {
			return v, diags
		}
		m = &meter{left: maxWork}
	}
	if err := m.charge(v); err != nil && !diags.HasErrors() {
		return cty.UnknownVal(v.Type()), append(diags, refusal(expr.Range(), err))
	}
	return v, diags
}

func refusal(at hclv2.Range, err error) *hclv2.Diagnostic {
	if _, large := err.(tooLarge); large {
		return fault(at, "Value too large", "This expression is not evaluated further: %s. Make the value smaller, or keep what is large in files that data blocks encrypt.", err)
	}
	return fault(at, "Invalid value", "This expression has no usable value: %s.", err)
}

// metered is a part of an expression whose value is charged. It stands in the tree in the place of the part.
type metered struct {
	hclsyntax.Expression
	divisor bool // what is divided by: not zero
}

// meterOn puts a meter on a part. The parentheses stay in the tree, so that whoever walks it meets the part.
func meterOn(part hclsyntax.Expression) metered {
	return metered{Expression: &hclsyntax.ParenthesesExpr{Expression: part, SrcRange: part.Range()}}
}

// UnwrapExpression lets static analysis see the part itself.
func (e metered) UnwrapExpression() hclv2.Expression { return e.Expression }

// Value implements hcl.Expression. When the budget is spent it says so once, and then nothing is evaluated
// any more.
func (e metered) Value(ctx *hclv2.EvalContext) (cty.Value, hclv2.Diagnostics) {
	m := meterOf(ctx)
	if m == nil {
		return e.Expression.Value(ctx)
	}
	if m.failed != nil {
		return cty.DynamicVal, nil
	}
	v, diags := e.Expression.Value(ctx)
	if diags.HasErrors() {
		m.left -= errorFee
		if m.left < 0 {
			m.failed = tooLarge{"it fails too often"}
		}
		return v, diags
	}
	err := m.charge(v)
	if plain, _ := v.Unmark(); err == nil && e.divisor && plain.RawEquals(cty.Zero) {
		err = errNoNumber
	}
	if err != nil {
		return cty.DynamicVal, append(diags, refusal(e.Range(), err))
	}
	return v, diags
}

// meterParts puts meters around everything in the expression that is put together from parts. It is done
// once, while a module is loaded.
func meterParts(expr hclsyntax.Expression) {
	if bounded(expr) {
		return
	}
	_ = hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hclv2.Diagnostics {
		for _, part := range parts(n) {
			if _, done := (*part).(metered); !done && *part != nil {
				if _, literal := (*part).(*hclsyntax.LiteralValueExpr); !literal {
					*part = meterOn(*part)
				}
			}
		}
		if op, ok := n.(*hclsyntax.BinaryOpExpr); ok && (op.Op == hclsyntax.OpDivide || op.Op == hclsyntax.OpModulo) {
			if m, done := op.RHS.(metered); !done || !m.divisor {
				divisor := meterOn(op.RHS)
				divisor.divisor = true
				op.RHS = divisor
			}
		}
		return nil
	})
}

// parts are the places in a node whose values make up its own.
func parts(n hclsyntax.Node) []*hclsyntax.Expression {
	switch n := n.(type) {
	case *hclsyntax.TemplateExpr:
		return all(n.Parts)
	case *hclsyntax.TupleConsExpr:
		return all(n.Exprs)
	case *hclsyntax.FunctionCallExpr:
		return computed(n.Args)
	case *hclsyntax.ObjectConsExpr:
		var list []*hclsyntax.Expression
		for i := range n.Items {
			list = append(list, &n.Items[i].ValueExpr)
		}
		return list
	case *hclsyntax.ObjectConsKeyExpr:
		if n.ForceNonLiteral {
			return []*hclsyntax.Expression{&n.Wrapped}
		}
	case *hclsyntax.ForExpr:
		return []*hclsyntax.Expression{&n.CollExpr, &n.KeyExpr, &n.ValExpr, &n.CondExpr}
	case *hclsyntax.SplatExpr:
		return []*hclsyntax.Expression{&n.Each}
	case *hclsyntax.BinaryOpExpr:
		return []*hclsyntax.Expression{&n.LHS, &n.RHS}
	case *hclsyntax.UnaryOpExpr:
		return []*hclsyntax.Expression{&n.Val}
	case *hclsyntax.ConditionalExpr:
		return []*hclsyntax.Expression{&n.Condition, &n.TrueResult, &n.FalseResult}
	case *hclsyntax.IndexExpr:
		return []*hclsyntax.Expression{&n.Key}
	case *hclsyntax.TemplateJoinExpr:
		return []*hclsyntax.Expression{&n.Tuple}
	}
	return nil
}

func all(list []hclsyntax.Expression) []*hclsyntax.Expression {
	var out []*hclsyntax.Expression
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}

// computed leaves out plain names: handing a large value to a function costs nothing, and the result is
// charged.
func computed(list []hclsyntax.Expression) []*hclsyntax.Expression {
	var out []*hclsyntax.Expression
	for i := range list {
		switch list[i].(type) {
		case *hclsyntax.ScopeTraversalExpr, *hclsyntax.RelativeTraversalExpr, *hclsyntax.IndexExpr:
		default:
			out = append(out, &list[i])
		}
	}
	return out
}
