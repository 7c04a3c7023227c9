package public

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
)

// args builds a call's parameters from typed inputs; absent ones stay out.
type args map[string]any

func (a args) str(name string, v *string) args {
	if v != nil {
		a[name] = *v
	}
	return a
}

func (a args) flag(name string, v *bool) args {
	if v != nil {
		a[name] = *v
	}
	return a
}

func (a args) interval(name string, v *time.Duration) args {
	if v != nil {
		a[name] = kms.FormatInterval(*v)
	}
	return a
}

// tagList sets tags in the form of CreateKey and CreateSecret, a JSON list of
// TagKey and TagValue.
func (a args) tagList(name string, tags map[string]string) args {
	if len(tags) == 0 {
		return a
	}
	type tag struct{ TagKey, TagValue string }
	list := make([]tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag{key, tags[key]})
	}
	return a.json(name, list)
}

// json sets a value that the API takes as JSON text.
func (a args) json(name string, v any) args {
	text, err := json.Marshal(v)
	if err != nil { // values of ours: strings, and maps decoded from JSON
		return a
	}
	a[name] = string(text)
	return a
}

// context sets an encryption context; empty and absent are the same.
func (a args) context(name string, c map[string]string) args {
	if len(c) > 0 {
		return a.json(name, c)
	}
	return a
}
