package compare

import (
	"encoding/json"
	"strconv"
	"strings"
)

// objects returns the objects at a path of a decoded answer; a list on the way
// stands for each of its items. "" is the answer itself.
func objects(v any, path string) []map[string]any {
	var found []map[string]any
	each(v, path, func(v any) {
		if object, ok := v.(map[string]any); ok {
			found = append(found, object)
		}
	})
	return found
}

// texts returns the strings and numbers at a path.
func texts(v any, path string) []string {
	var found []string
	each(v, path, func(v any) {
		switch v := v.(type) {
		case string:
			found = append(found, v)
		case float64:
			found = append(found, strconv.FormatFloat(v, 'f', -1, 64))
		}
	})
	return found
}

// text is the one value of a member; several that differ in spelling make a text that
// agrees with nothing.
func text(row map[string]any, member string) string { return strings.Join(texts(row, member), " and ") }

func each(v any, path string, visit func(any)) {
	if list, ok := v.([]any); ok {
		for _, item := range list {
			each(item, path, visit)
		}
		return
	}
	if path == "" {
		visit(v)
		return
	}
	object, _ := v.(map[string]any)
	name, rest, _ := strings.Cut(path, ".")
	for member, value := range object {
		// Every spelling counts, because encoding/json fills a field from any of them.
		if member == name || len(member) == len(name) && strings.EqualFold(member, name) {
			each(value, rest, visit)
		}
	}
}

// DecodeObject decodes an answer that is one JSON object, and nothing else.
func DecodeObject(body []byte) (map[string]any, bool) {
	var object map[string]any
	err := json.Unmarshal(body, &object)
	return object, err == nil && object != nil
}
