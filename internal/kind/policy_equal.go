package kind

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// equalPolicy compares two policies by what they mean: white space, the order of members, of statements and of the
// elements of Action, Resource, Principal and Condition do not count, nor whether one element stands in a list.
func equalPolicy(configured, live cty.Value) bool {
	a, errA := decodeJSON(configured.AsString())
	b, errB := decodeJSON(live.AsString())
	if errA != nil || errB != nil {
		return configured.RawEquals(live)
	}
	return reflect.DeepEqual(normalPolicy(a), normalPolicy(b))
}

// normalPolicy is a policy in which what has no order is sorted, and is a list.
func normalPolicy(doc any) any {
	policy, ok := doc.(map[string]any)
	if !ok {
		return doc
	}
	out := make(map[string]any, len(policy))
	for name, v := range policy {
		out[name] = v
		if name == "Statement" {
			out[name] = normalList(v, normalStatement)
		}
	}
	return out
}

func normalStatement(doc any) any {
	statement, ok := doc.(map[string]any)
	if !ok {
		return doc
	}
	out := make(map[string]any, len(statement))
	for name, v := range statement {
		switch name {
		case "Action", "NotAction", "Resource", "NotResource":
			v = normalList(v, same)
		case "Principal", "NotPrincipal":
			v = normalMembers(v, func(v any) any { return normalList(v, same) })
		case "Condition": // by operator, and then by what it compares
			v = normalMembers(v, func(v any) any { return normalMembers(v, func(v any) any { return normalList(v, same) }) })
		}
		out[name] = v
	}
	return out
}

func same(v any) any { return v }

// normalMembers is an object with every member made normal; what is no object stays as it is.
func normalMembers(v any, normal func(any) any) any {
	members, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(members))
	for name, m := range members {
		out[name] = normal(m)
	}
	return out
}

// normalList is a list without order and repetition; one element stands for a list of it.
func normalList(v any, normal func(any) any) any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	byText := map[string]any{}
	for _, e := range list {
		e = normal(e)
		byText[canonical(e)] = e
	}
	texts := make([]string, 0, len(byText))
	for text := range byText {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	out := make([]any, len(texts))
	for i, text := range texts {
		out[i] = byText[text]
	}
	return out
}

// canonical is a value as JSON, members sorted.
func canonical(v any) string {
	text, _ := json.Marshal(v) // it was JSON
	return string(text)
}

// PolicyParts are two policies as values whose elements can be compared: statements by their Sid, or else by their place
// among those that are not in both. ok is false where one of them is no policy.
func PolicyParts(before, after string) (b, a cty.Value, ok bool) {
	was, okBefore := statementsOf(before)
	is, okAfter := statementsOf(after)
	if !okBefore || !okAfter {
		return cty.NilVal, cty.NilVal, false
	}
	was["Statement"], is["Statement"] = named(statements(was), statements(is)), named(statements(is), statements(was))
	return partOf(was), partOf(is), true
}

func statementsOf(text string) (map[string]any, bool) {
	doc, err := decodeJSON(text)
	if err != nil {
		return nil, false
	}
	policy, ok := normalPolicy(doc).(map[string]any)
	if !ok || policy["Statement"] == nil {
		return nil, false
	}
	return policy, true
}

func statements(policy map[string]any) []any { return policy["Statement"].([]any) }

// named gives each statement a name that its other version has too.
func named(all, others []any) map[string]any {
	out := make(map[string]any, len(all))
	place := 0
	for _, s := range all {
		name := ""
		if members, ok := s.(map[string]any); ok {
			name, _ = members["Sid"].(string)
		}
		kept := slices.ContainsFunc(others, func(o any) bool { return reflect.DeepEqual(s, o) })
		switch _, taken := out[name]; {
		case name != "" && !taken:
		case kept:
			name = canonical(s)
		default:
			place++
			name = fmt.Sprintf("statement %d", place)
		}
		out[name] = s
	}
	return out
}

// partOf is a decoded JSON value; a list of texts is a set.
func partOf(v any) cty.Value {
	switch v := v.(type) {
	case string:
		return cty.StringVal(v)
	case bool:
		return cty.BoolVal(v)
	case json.Number:
		if n, err := cty.ParseNumberVal(v.String()); err == nil {
			return n
		}
		return cty.StringVal(v.String())
	case map[string]any:
		parts := make(map[string]cty.Value, len(v))
		for name, m := range v {
			parts[strings.ToValidUTF8(name, "?")] = partOf(m)
		}
		return cty.ObjectVal(parts)
	case []any:
		parts := make([]cty.Value, len(v))
		texts := len(v) > 0
		for i, e := range v {
			parts[i] = partOf(e)
			texts = texts && parts[i].Type() == cty.String
		}
		if texts {
			return cty.SetVal(parts)
		}
		return cty.TupleVal(parts)
	}
	return cty.NullVal(cty.DynamicPseudoType)
}
