package draft

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
)

// Expr is an expression as it stands in a file.
type Expr string

// Null is what asks for the service's default.
const Null Expr = "null"

// Reference is an expression that refers to an attribute of a block.
func Reference(address, attribute string) Expr { return Expr(address + "." + attribute) }

// ListOf is a list of expressions, each on a line of its own when there are several.
func ListOf(list []Expr) Expr {
	if len(list) == 1 {
		return "[" + list[0] + "]"
	}
	var b strings.Builder
	b.WriteString("[\n")
	for _, e := range list {
		fmt.Fprintf(&b, "%s,\n", e)
	}
	b.WriteString("]")
	return Expr(b.String())
}

// Literal writes a known value of the types that attributes have. An error says why the language cannot have it.
func Literal(v cty.Value) (Expr, error) {
	switch {
	case v == cty.NilVal || !v.IsWhollyKnown() || v.IsMarked():
		return "", fmt.Errorf("its value is not known")
	case v.IsNull():
		return Null, nil
	case v.Type() == cty.String:
		return Text(v.AsString())
	case v.Type() == cty.Bool:
		return Expr(fmt.Sprint(v.True())), nil
	case v.Type() == cty.Number:
		return Expr(v.AsBigFloat().Text('f', -1)), nil
	case v.Type().IsMapType():
		return object(v.AsValueMap())
	case v.Type().IsSetType(), v.Type().IsListType():
		return list(v.AsValueSlice())
	}
	return "", fmt.Errorf("a value of type %s cannot be written", v.Type().FriendlyName())
}

func list(values []cty.Value) (Expr, error) {
	out := make([]Expr, 0, len(values))
	for _, v := range values {
		e, err := Literal(v)
		if err != nil {
			return "", err
		}
		out = append(out, e)
	}
	return ListOf(out), nil
}

func object(values map[string]cty.Value) (Expr, error) {
	if len(values) == 0 {
		return "{}", nil
	}
	var b strings.Builder
	b.WriteString("{\n")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		key, err := nameOf(name)
		if err != nil {
			return "", err
		}
		value, err := Literal(values[name])
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s = %s\n", key, value)
	}
	b.WriteString("}")
	return Expr(b.String()), nil
}

// nameOf is the name of an element of an object, in quotes where it needs some.
func nameOf(name string) (Expr, error) {
	if hclsyntax.ValidIdentifier(name) && !slices.Contains(keywords, name) {
		return Expr(name), nil
	}
	return Text(name)
}

// keywords are names that mean something else where an element's name stands.
var keywords = []string{"for", "null", "true", "false", "if", "in", "else", "endif", "endfor"}

// Text writes a text in quotes, byte for byte. An error says why the language cannot have it.
func Text(s string) (Expr, error) {
	if err := hcl.TextProblem(s); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteByte('"')
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case begins(runes[i:]) && (i == 0 || !sign(runes[i-1])):
			b.WriteString(string([]rune{r, r}))
		case sign(r) && opens(runes[i+1:]):
			fmt.Fprintf(&b, `\u%04X`, r)
		case strings.ContainsRune("\"\\", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r > 0xffff && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return Expr(b.String()), nil
}

// sign reports whether a rune begins a template before a brace.
func sign(r rune) bool { return r == '$' || r == '%' }

// begins reports whether a text begins with the beginning of a template. HCL has the doubled sign for that.
func begins(s []rune) bool { return sign(s[0]) && len(s) > 1 && s[1] == '{' }

// opens reports whether a sign among others may be read as a doubled one: it is written as its number.
func opens(next []rune) bool { return len(next) > 0 && (next[0] == '{' || sign(next[0])) }
