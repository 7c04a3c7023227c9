package hcl

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// guarded is a function of the language as expressions call it. Whatever it is handed, it answers with a value
// of bounded size or with an error in words: what its results would take is known before they are made
// (growth), what it does is charged to the module, a panic of a library is an error, and a result is looked at
// as every value is.
func (l *library) guarded(f Function) function.Function {
	grow := growth[f.Name]
	want := f.impl.Params()
	spec := &function.Spec{Description: f.Doc, Params: slices.Clone(want), VarParam: f.impl.VarParam()}
	for i := range spec.Params {
		if ofAny(want[i].Type) {
			spec.Params[i].Type = cty.DynamicPseudoType
		}
	}
	spec.Type = func(args []cty.Value) (typ cty.Type, err error) {
		defer inWords(f.Name, &err)
		if err := l.affordable(grow, args); err != nil {
			return cty.DynamicPseudoType, err
		}
		if args, err = fit(args, want); err != nil {
			return cty.DynamicPseudoType, err
		}
		typ, err = f.impl.ReturnTypeForValues(args)
		return typ, plain(f.Name, err)
	}
	spec.Impl = func(args []cty.Value, typ cty.Type) (v cty.Value, err error) {
		defer inWords(f.Name, &err)
		if args, err = fit(args, want); err != nil {
			return cty.UnknownVal(typ), err
		}
		if v, err = f.impl.Call(args); err != nil {
			return cty.UnknownVal(typ), plain(f.Name, err)
		}
		w := walk{most: maxValue, texts: true}
		if err := w.value(v); err != nil {
			return cty.UnknownVal(typ), err
		}
		return v, l.work.take(w.size)
	}
	return function.New(spec)
}

// ofAny reports whether a parameter takes a collection of any one type.
func ofAny(t cty.Type) bool {
	return t.IsCollectionType() && t.ElementType() == cty.DynamicPseudoType
}

// maxMixed bounds the elements of a tuple or object of several types that becomes a collection: cty compares
// the type of each with that of each.
const maxMixed = 5000

// fit converts arguments to what a function of collections takes, as HCL would, without comparing a hundred
// thousand equal types with one another.
func fit(args []cty.Value, want []function.Parameter) ([]cty.Value, error) {
	args = slices.Clone(args)
	for i := range want {
		if i >= len(args) || !ofAny(want[i].Type) || args[i].Type() == cty.DynamicPseudoType {
			continue
		}
		t := want[i].Type
		if one, ok := commonType(args[i]); ok {
			t = collectionOf(t, one)
		} else if n := elementTypes(args[i].Type()); n > maxMixed {
			return nil, function.NewArgError(i, tooLarge{fmt.Sprintf("a list of %d values of several types is more than kmsplan compares", n)})
		}
		v, err := convert.Convert(args[i], t)
		if err != nil {
			return nil, function.NewArgError(i, err)
		}
		args[i] = v
	}
	return args, nil
}

func collectionOf(t, element cty.Type) cty.Type {
	switch {
	case t.IsListType():
		return cty.List(element)
	case t.IsSetType():
		return cty.Set(element)
	}
	return cty.Map(element)
}

func elementTypes(t cty.Type) int {
	switch {
	case t.IsTupleType():
		return t.Length()
	case t.IsObjectType():
		return len(t.AttributeTypes())
	}
	return 0
}

// affordable refuses a call whose result, or whose work, would be too large.
func (l *library) affordable(grow func([]cty.Value) int64, args []cty.Value) error {
	if grow == nil {
		return nil
	}
	for _, a := range args {
		if !a.IsWhollyKnown() {
			return nil // it is not called
		}
	}
	plainArgs := make([]cty.Value, len(args))
	for i, a := range args {
		plainArgs[i], _ = a.UnmarkDeep()
	}
	fee := grow(plainArgs)
	if fee > maxValue {
		return tooLarge{fmt.Sprintf("the call would take more than %d MiB", maxValue>>20)}
	}
	return l.work.take(fee)
}

// inWords turns a panic of a library into an error.
func inWords(name string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s cannot work with these arguments", name)
	}
}

// plain keeps the stack trace of a library's panic out of messages.
func plain(name string, err error) error {
	var stack function.PanicError
	if errors.As(err, &stack) {
		return fmt.Errorf("%s cannot work with these arguments", name)
	}
	return err
}

// growth says, for functions whose result can be much larger than their arguments or whose work grows faster
// than them, what a call takes, in bytes. Arguments are known and unmarked.
var growth = map[string]func(args []cty.Value) int64{
	"setproduct": productSize,
	"range":      rangeSize,
	"format":     formatSize,
	"formatlist": formatSize,
	"indent":     indentSize,
	"join":       joinSize,
	"replace":    replaceSize,
	"split":      func(a []cty.Value) int64 { return times(weight(a[1]), leastFee) },
	"regexall":   func(a []cty.Value) int64 { return times(weight(a[1]), leastFee) },
	"jsondecode": func(a []cty.Value) int64 { return times(weight(a[0]), 16) },
	"csvdecode":  func(a []cty.Value) int64 { return times(weight(a[0]), 32) },
	"yamldecode": func(a []cty.Value) int64 { return times(weight(a[0]), 16) },
	"jsonencode": func(a []cty.Value) int64 { return weight(a...) },
	"yamlencode": func(a []cty.Value) int64 { return weight(a...) },
	"distinct":   quadratic,
	"matchkeys":  func(a []cty.Value) int64 { return times(count(a[1]), count(a[2])) },
	"parseint":   func(a []cty.Value) int64 { return times(weight(a[0]), weight(a[0])) },
	"tonumber":   func(a []cty.Value) int64 { return times(weight(a[0]), 64) },
	"chunklist":  func(a []cty.Value) int64 { return times(count(a[0]), 2*leastFee) },
	"flatten":    func(a []cty.Value) int64 { return weight(a...) },
	"transpose":  func(a []cty.Value) int64 { return weight(a...) },
	"concat":     func(a []cty.Value) int64 { return weight(a...) },
	"merge":      func(a []cty.Value) int64 { return weight(a...) },
	"setunion":   func(a []cty.Value) int64 { return weight(a...) },
	"strrev":     func(a []cty.Value) int64 { return times(weight(a[0]), 2) },
	"trim":       func(a []cty.Value) int64 { return times(int64(utf8.RuneCountInString(text0(a, 1))), 8) + weight(a[0]) },
	"substr":     func(a []cty.Value) int64 { return times(weight(a[0]), 2) },
}

func text0(args []cty.Value, i int) string {
	if i < len(args) && !args[i].IsNull() && args[i].Type() == cty.String {
		return args[i].AsString()
	}
	return ""
}

// beyond is more than anything that is allowed; sums and products stay there.
const beyond = 1 << 40

// weight is the size of values.
func weight(args ...cty.Value) int64 {
	total := int64(0)
	for _, a := range args {
		size, err := sizeOf(a, maxValue)
		if err != nil {
			return beyond
		}
		total += size
	}
	return total
}

func count(v cty.Value) int64 {
	if v.IsNull() || !v.CanIterateElements() {
		return 0
	}
	return int64(v.LengthInt())
}

func times(a, b int64) int64 {
	if b > 0 && a > beyond/b {
		return beyond
	}
	return a * b
}

func quadratic(args []cty.Value) int64 { return times(count(args[0]), count(args[0])) }

func productSize(args []cty.Value) int64 {
	combinations, width := int64(1), int64(leastFee)
	for _, a := range args {
		n := count(a)
		combinations = times(combinations, n)
		if n > 0 {
			width += weight(a) / n
		}
	}
	return times(combinations, width)
}

func rangeSize(args []cty.Value) int64 {
	figures := make([]float64, len(args))
	for i, a := range args {
		if a.IsNull() || a.Type() != cty.Number {
			return 0
		}
		figures[i], _ = a.AsBigFloat().Float64()
	}
	from, to, step := 0.0, 0.0, 1.0
	switch len(figures) {
	case 1:
		to = figures[0]
	case 2:
		from, to = figures[0], figures[1]
	case 3:
		from, to, step = figures[0], figures[1], figures[2]
	}
	if step == 0 {
		return 0 // the function refuses it
	}
	n := (to - from) / step
	if n < 0 {
		n = -n
	}
	if !(n < maxWork) {
		return beyond
	}
	return times(int64(n)+1, leastFee)
}

// formatSize adds up the widths and precisions that a pattern asks for.
func formatSize(args []cty.Value) int64 {
	asked, digits := int64(0), int64(0)
	for _, r := range text0(args, 0) {
		if r >= '0' && r <= '9' {
			if digits = digits*10 + int64(r-'0'); digits > maxWork {
				return beyond
			}
			continue
		}
		asked, digits = asked+digits, 0
	}
	rounds := int64(1)
	for _, a := range args[min(1, len(args)):] {
		rounds = max(rounds, count(a))
	}
	return times(rounds, asked+digits+leastFee) + weight(args...)
}

func indentSize(args []cty.Value) int64 {
	if args[0].IsNull() || args[0].Type() != cty.Number {
		return 0
	}
	n, _ := args[0].AsBigFloat().Int64()
	if n < 0 || n > maxWork {
		return beyond
	}
	lines := int64(1)
	for _, r := range text0(args, 1) {
		if r == '\n' {
			lines++
		}
	}
	return times(lines, n) + weight(args[1])
}

func joinSize(args []cty.Value) int64 {
	between := int64(len(text0(args, 0)))
	total := int64(0)
	for _, list := range args[1:] {
		total += times(count(list), between) + weight(list)
	}
	return total
}

func replaceSize(args []cty.Value) int64 {
	text, search, by := text0(args, 0), text0(args, 1), text0(args, 2)
	matches := int64(len(text)) + 1
	if len(search) > 1 && search[0] != '/' {
		matches = int64(len(text)/len(search)) + 1
	}
	return times(matches, int64(len(by))) + int64(len(text))
}
