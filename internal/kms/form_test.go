package kms

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// TestTheFormOfAParameterIsTaken holds that what the help shows of a parameter's form can be sent.
func TestTheFormOfAParameterIsTaken(t *testing.T) {
	forms := regexp.MustCompile(`\{[^{}]*\}|\[[^][]*\]`)
	for _, typ := range []ParamType{TypeMap, TypeTags, TypeList, TypeObject} {
		p := Param{Name: "P", Type: typ}
		text, ok := strings.CutPrefix(p.Form(), "JSON: ")
		if !ok {
			t.Fatalf("%s: %s", typ, p.Form())
		}
		shown := forms.FindAllString(text, -1)
		if typ == TypeTags {
			shown = strings.SplitN(text, " or ", 2)
		}
		if len(shown) == 0 {
			t.Fatalf("%s shows nothing: %s", typ, p.Form())
		}
		for _, form := range shown {
			var v any
			if err := json.Unmarshal([]byte(form), &v); err != nil {
				t.Fatalf("%s: %s: %v", typ, form, err)
			}
			if err := (&Encoded{Values: map[string][]string{}}).put(p, v); err != nil {
				t.Errorf("%s: %s is shown and not taken: %v", typ, form, err)
			}
		}
	}
}
