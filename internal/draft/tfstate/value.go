package tfstate

import (
	"encoding/json"
	"fmt"

	"github.com/zclconf/go-cty/cty"
)

// text is an attribute that is a text or a number, "" for any other.
func (r Resource) text(name string) string {
	switch v := r.Attrs[name].(type) {
	case string:
		return v
	case float64:
		return fmt.Sprint(v)
	}
	return ""
}

// first is the first of some attributes that has a text.
func (r Resource) first(names ...string) string {
	for _, n := range names {
		if t := r.text(n); t != "" {
			return t
		}
	}
	return ""
}

// str is a text as a value, null where there is none.
func str(s string) cty.Value {
	if s == "" {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(s)
}

// switched reads Terraform's words for on and off; null for any other.
func switched(word string) cty.Value {
	switch word {
	case "Enabled":
		return cty.True
	case "Disabled":
		return cty.False
	}
	return cty.NullVal(cty.Bool)
}

// texts are an attribute's elements: of a list, or of one in JSON.
func (r Resource) texts(name string) (out []string) {
	list, _ := r.Attrs[name].([]any)
	if t, isText := r.Attrs[name].(string); isText && json.Unmarshal([]byte(t), &list) != nil {
		return nil
	}
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func set(list []string) cty.Value {
	if len(list) == 0 {
		return cty.SetValEmpty(cty.String)
	}
	var out []cty.Value
	for _, s := range list {
		out = append(out, cty.StringVal(s))
	}
	return cty.SetVal(out)
}

// tags are the tags of an object.
func (r Resource) tags() map[string]string {
	out := map[string]string{}
	m, _ := r.Attrs["tags"].(map[string]any)
	for k, v := range m {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}
