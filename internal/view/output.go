package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
)

// Validated shows every diagnostic, or that the configuration holds.
func (t *Terminal) Validated(diags hclv2.Diagnostics, files map[string]*hclv2.File) {
	t.Diagnostics(diags, files)
	if diags.HasErrors() {
		return
	}
	suffix := ""
	if n := len(diags); n > 0 {
		suffix = fmt.Sprintf(", with %s", plural(n, "warning"))
	}
	t.tell("%s The configuration is valid%s.\n", paint(t.Color, green, paint(t.Color, bold, "Success!")), suffix)
}

// Answer prints an answer of the service for people: one "Name: value" per line, lists
// and objects indented below their name.
func (t *Terminal) Answer(doc json.RawMessage) {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		v = string(doc) // shown as it came
	}
	var b strings.Builder
	writeAnswer(&b, v, 0)
	t.tell("%s", b.String())
}

func writeAnswer(b *strings.Builder, v any, depth int) {
	indent := strings.Repeat("  ", depth)
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			writeField(b, indent, name, v[name], depth)
		}
	case []any:
		for _, element := range v {
			var inner strings.Builder
			writeAnswer(&inner, element, depth+1)
			text := inner.String()
			if len(text) > len(indent)+2 {
				text = indent + "- " + text[len(indent)+2:]
			}
			b.WriteString(text)
		}
	default:
		fmt.Fprintf(b, "%s%s\n", indent, scalar(v))
	}
}

func writeField(b *strings.Builder, indent, name string, v any, depth int) {
	switch inner := v.(type) {
	case map[string]any:
		fmt.Fprintf(b, "%s%s:\n", indent, name)
		writeAnswer(b, inner, depth+1)
	case []any:
		if len(inner) == 0 {
			fmt.Fprintf(b, "%s%s: (none)\n", indent, name)
			return
		}
		fmt.Fprintf(b, "%s%s:\n", indent, name)
		writeAnswer(b, inner, depth+1)
	default:
		fmt.Fprintf(b, "%s%s: %s\n", indent, name, scalar(v))
	}
}

func scalar(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return neutral(v)
	}
	return neutral(fmt.Sprint(v))
}

// Outputs prints a stack's outputs, as the language would write them.
func (t *Terminal) Outputs(outputs map[string]any) {
	wide := broadest(outputs)
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		t.tell("%s = %s\n", pad(name, wide), literal(outputs[name]))
	}
}

// Output prints the value of one output, as JSON.
func (t *Terminal) Output(value any) { document(t.Out, value) }

// literal renders a JSON value in the language's syntax.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return quote(v)
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, literal(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, quote(k)+" = "+literal(v[k]))
		}
		if len(parts) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	return fmt.Sprint(v)
}
