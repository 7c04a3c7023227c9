package view

import (
	"math/big"
	"sort"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

func itoa(n int) string { return strconv.Itoa(n) }

// valueText renders a value on one line, in the language's own syntax.
func valueText(v cty.Value) string {
	switch {
	case v == cty.NilVal:
		return "null"
	case v.IsMarked():
		return "(sensitive value)"
	case !v.IsKnown():
		return "(known after apply)"
	case v.IsNull():
		return "null"
	}
	switch ty := v.Type(); {
	case ty == cty.String:
		return quote(v.AsString())
	case ty == cty.Bool:
		return strconv.FormatBool(v.True())
	case ty == cty.Number:
		return numberText(v.AsBigFloat())
	case ty.IsMapType() || ty.IsObjectType():
		return mapText(v)
	case v.CanIterateElements():
		return listText(v)
	}
	return v.Type().FriendlyName()
}

func numberText(f *big.Float) string { return f.Text('f', -1) }

// quote renders a string as the language would write it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range neutral(s) {
		switch r {
		case '"':
			b.WriteString(`\"`)
		case '\\':
			b.WriteString(`\\`)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func mapText(v cty.Value) string {
	var parts []string
	for key, value := range v.AsValueMap() {
		parts = append(parts, quote(key)+" = "+valueText(value))
	}
	if len(parts) == 0 {
		return "{}"
	}
	sort.Strings(parts)
	return "{ " + strings.Join(parts, ", ") + " }"
}

func listText(v cty.Value) string {
	var parts []string
	for it := v.ElementIterator(); it.Next(); {
		_, value := it.Element()
		parts = append(parts, valueText(value))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// ValueLines is a value in the language's syntax: on one line where it fits, else element by element.
func ValueLines(v cty.Value) []string {
	text := valueText(v)
	if len(text) <= defaultWidth || v.IsMarked() || !v.IsKnown() || v.IsNull() || !v.CanIterateElements() {
		return []string{text}
	}
	open, end := "[", "]"
	if isMap(v) {
		open, end = "{", "}"
	}
	lines := []string{open}
	for it := v.ElementIterator(); it.Next(); {
		key, e := it.Element()
		element := ValueLines(e)
		if isMap(v) {
			element[0] = quote(key.AsString()) + " = " + element[0]
		}
		element[len(element)-1] += ","
		for _, line := range element {
			lines = append(lines, "  "+line)
		}
	}
	return append(lines, end)
}
