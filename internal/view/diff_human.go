package view

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
)

// block prints an object's differing attributes between braces.
func (r planText) block(sign string, s style, kind, name string, diff []plan.AttrDiff) {
	r.printf("  %s %s %q {\n", paint(r.color, s, sign), kind, name)
	wide := 0
	for _, d := range diff {
		wide = max(wide, columns(d.Name))
	}
	for _, d := range diff {
		name := pad(d.Name, wide)
		if d.WriteOnly {
			mark := paint(r.color, yellow, "~")
			if sign == plan.Create.Sign() {
				mark = paint(r.color, green, "+")
			}
			r.printf("      %s %s = (write-only attribute)\n", mark, name)
			continue
		}
		r.difference("      ", name, d.Before, d.After)
	}
	r.printf("    }\n\n")
}

func absent(v cty.Value) bool { return v == cty.NilVal || v.IsKnown() && v.IsNull() }

// hasParts reports whether a value is shown part by part.
func hasParts(v cty.Value) bool {
	return !absent(v) && v.IsKnown() && !v.IsMarked() && v.CanIterateElements()
}

func isMap(v cty.Value) bool {
	return hasParts(v) && (v.Type().IsMapType() || v.Type().IsObjectType())
}

// difference prints how a named value differs; of maps, lists and sets the elements that do.
func (r planText) difference(indent, name string, before, after cty.Value) {
	if was, is, ok := plan.PolicyParts(before, after); ok {
		r.printf("%s%s %s = jsonencode({\n", indent, paint(r.color, yellow, "~"), name)
		r.mapDiff(indent+"    ", was.AsValueMap(), is.AsValueMap())
		r.printf("%s  })\n", indent)
		return
	}
	switch {
	case absent(before):
		r.whole(indent, paint(r.color, green, "+")+" ", name, after, "")
	case absent(after):
		r.whole(indent, paint(r.color, red, "-")+" ", name, before, " -> null")
	case isMap(before) && isMap(after):
		r.printf("%s%s %s = {\n", indent, paint(r.color, yellow, "~"), name)
		r.mapDiff(indent+"    ", before.AsValueMap(), after.AsValueMap())
		r.printf("%s  }\n", indent)
	case hasParts(before) && hasParts(after) && !isMap(before) && !isMap(after):
		r.printf("%s%s %s = [\n", indent, paint(r.color, yellow, "~"), name)
		r.listDiff(indent+"    ", before.AsValueSlice(), after.AsValueSlice(), before.Type().IsSetType())
		r.printf("%s  ]\n", indent)
	default:
		r.printf("%s%s %s = %s -> %s\n", indent, paint(r.color, yellow, "~"), name, valueText(before), valueText(after))
	}
}

// whole prints a value that comes or goes: on one line where it fits, else element by element.
func (r planText) whole(indent, sign, name string, v cty.Value, suffix string) {
	text := valueText(v)
	if !hasParts(v) || len(indent)+2+len(name)+3+len(text) <= max(r.width, defaultWidth) {
		r.printf("%s%s%s = %s%s\n", indent, sign, name, text, suffix)
		return
	}
	open, end := "[", "]"
	if isMap(v) {
		open, end = "{", "}"
	}
	r.printf("%s%s%s = %s\n", indent, sign, name, open)
	if isMap(v) {
		elements := v.AsValueMap()
		for _, key := range slices.Sorted(maps.Keys(elements)) {
			r.whole(indent+"    ", sign, quote(key), elements[key], suffix)
		}
	} else {
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			r.printf("%s    %s%s,\n", indent, sign, valueText(e))
		}
	}
	r.printf("%s  %s\n", indent, end)
}

// mapDiff prints the elements that differ and counts the others.
func (r planText) mapDiff(indent string, before, after map[string]cty.Value) {
	names := make(map[string]cty.Value, len(before)+len(after)) // an empty map of values is a nil one
	maps.Copy(names, before)
	maps.Copy(names, after)
	same := 0
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a, b := before[name], after[name]; a != cty.NilVal && b != cty.NilVal && a.RawEquals(b) {
			same++
			continue
		}
		r.difference(indent, quote(name), before[name], after[name])
	}
	r.hidden(indent, same)
}

// listDiff prints the elements that come and go. A set has no order; of a list, what stands in the middle of the
// equal beginnings and ends is what differs.
func (r planText) listDiff(indent string, before, after []cty.Value, set bool) {
	same := 0
	if set {
		kept := func(v cty.Value, in []cty.Value) bool { return slices.ContainsFunc(in, v.RawEquals) }
		gone := slices.DeleteFunc(slices.Clone(before), func(v cty.Value) bool { return kept(v, after) })
		same = len(before) - len(gone)
		after = slices.DeleteFunc(slices.Clone(after), func(v cty.Value) bool { return kept(v, before) })
		before = gone
	}
	for len(before) > 0 && len(after) > 0 && before[0].RawEquals(after[0]) {
		before, after, same = before[1:], after[1:], same+1
	}
	for len(before) > 0 && len(after) > 0 && before[len(before)-1].RawEquals(after[len(after)-1]) {
		before, after, same = before[:len(before)-1], after[:len(after)-1], same+1
	}
	for _, v := range before {
		r.printf("%s%s %s,\n", indent, paint(r.color, red, "-"), valueText(v))
	}
	for _, v := range after {
		r.printf("%s%s %s,\n", indent, paint(r.color, green, "+"), valueText(v))
	}
	r.hidden(indent, same)
}

// hidden says how many elements are not shown because they stay.
func (r planText) hidden(indent string, same int) {
	if same > 0 {
		r.printf("%s  %s\n", indent, paint(r.color, dim, fmt.Sprintf("# (%s hidden)", plural(same, "unchanged element"))))
	}
}
