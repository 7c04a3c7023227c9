package document

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Two files that a program reads in different ways have different items: else whoever has no key could turn the one
// into the other, with white space alone.
func TestOtherMeaningOtherItems(t *testing.T) {
	for name, pair := range map[string][2]string{
		"anchor of a map, of its first name":         {"a: &x\n  b: 1\nc: *x\n", "a:\n  &x b: 1\nc: *x\n"},
		"anchor of nothing, of the next name":        {"a: &x\nb: *x\n", "a:\n&x b: *x\n"},
		"anchor of a list, of its first element":     {"a: &x\n- b\nc: *x\n", "a:\n- &x b\nc: *x\n"},
		"anchor of a list, of a map in it":           {"a: &x\n- b: 1\nc: *x\n", "a:\n- &x\n  b: 1\nc: *x\n"},
		"anchor of a map in a list, of its name":     {"- &x\n  b: 1\n- *x\n", "- &x b: 1\n- *x\n"},
		"anchor of a flow map, of its name":          {"a: &x {b: 1}\nc: *x\n", "a: {&x b: 1}\nc: *x\n"},
		"anchor of a flow list, of its element":      {"[&x [a], *x]\n", "[[&x a], *x]\n"},
		"anchor of a name, of its value":             {"&x a: b\nc: *x\n", "a: &x b\nc: *x\n"},
		"anchor of an element that is nothing":       {"- &x\n- a\n- *x\n", "-\n- &x a\n- *x\n"},
		"tag of a map, of its first name":            {"a: !t\n  b: 1\n", "a:\n  !t b: 1\n"},
		"tag of nothing, of the next name":           {"a: !!str\nb: 1\n", "a:\n!!str b: 1\n"},
		"a tag that says text":                       {"a: ! 1\n", "a: 1\n"},
		"a tag that says text, of nothing":           {"a: !\nb: 1\n", "a:\n! b: 1\n"},
		"directive of the first, of the second":      {"%TAG ! tag:x:\n---\n---\nb: 2\n", "---\n...\n%TAG ! tag:x:\n---\nb: 2\n"},
		"directive before, behind an empty map":      {"%TAG ! tag:x:\n---\n{}\n---\nb: 2\n", "---\n{}\n...\n%TAG ! tag:x:\n---\nb: 2\n"},
		"version":                                    {"%YAML 1.1\n---\nb: yes\n", "%YAML 1.2\n---\nb: yes\n"},
		"one document, two":                          {"- a\n- b\n", "- a\n---\n- b\n"},
		"nothing, an empty text":                     {"a:\nb: 1\n", "a: ''\nb: 1\n"},
		"nothing, the word":                          {"a:\nb: 1\n", "a: null\nb: 1\n"},
		"number, text":                               {"a: 1\n", "a: '1'\n"},
		"name, name in quotes":                       {"1: x\n", "'1': x\n"},
		"merge, a name of two characters":            {"a: &x {b: 1}\nc:\n  <<: *x\n", "a: &x {b: 1}\nc:\n  '<<': *x\n"},
		"alias, text":                                {"a: &x b\nc: *x\n", "a: &x b\nc: '*x'\n"},
		"list of lists":                              {"[[a], [b]]\n", "[[a, b]]\n"},
		"empty list, empty map":                      {"a: []\nb: 1\n", "a: {}\nb: 1\n"},
		"list of nothing, empty list":                {"a: [~]\nb: 1\n", "a: []\nb: 1\n"},
		"a pair in a list, two elements":             {"[a: b]\n", "[a, b]\n"},
		"a break in a text":                          {"a: \"x\\ny\"\n", "a: \"x\n  y\"\n"},
		"a byte order mark in a name":                {"a: 1\nb: 2\n", "a: 1\n\ufeffb: 2\n"},
		"a tab":                                      {"a: x y\n", "a: x\ty\n"},
		"comment beside the indicator, in the block": {"a: | # c\n  x\n", "a: |\n  # c\n  x\n"},
	} {
		t.Run(name, func(t *testing.T) {
			one, two := itemsOf(t, pair[0]), itemsOf(t, pair[1])
			if slices.Equal(one, two) {
				t.Errorf("%q and %q have the items\n%s", pair[0], pair[1], strings.Join(one, "\n"))
			}
		})
	}
}

func itemsOf(t *testing.T, src string) (all []string) {
	t.Helper()
	items, err := parse(yamlFormat{}, []byte(src))
	if err != nil {
		t.Fatalf("%q: %v", src, err)
	}
	for _, i := range items {
		all = append(all, fmt.Sprintf("%q", i.appendTo(nil, false)))
	}
	return all
}

// What only looks different says the same: a formatter may run over a document.
func TestSameMeaningSameItems(t *testing.T) {
	for _, pair := range [][2]string{
		{"a: {b: 1, c: [x, 'y']}\n", "a:\n  b: 1\n  c:\n    - x\n    - \"y\"\n"}, {"a: &x {b: 1}\n", "a: &x\n    b:   1\n"},
		{"a: |\n  x\n  y\n", "a: \"x\\ny\\n\"\n"}, {"? a\n: b\n", "a: b\n"}, {"a: b # c\n", "a:   b     # c  \r\n"},
	} {
		if one, two := itemsOf(t, pair[0]), itemsOf(t, pair[1]); !slices.Equal(one, two) {
			t.Errorf("%q:\n%s\n%q:\n%s", pair[0], strings.Join(one, "\n"), pair[1], strings.Join(two, "\n"))
		}
	}
}

// What programs read in different ways is refused, sealing and opening: with it white space could change the meaning
// for the one and not for the other.
func TestWhatReadersDisagreeOnIsRefused(t *testing.T) {
	r := newRig(t, "yaml")
	const src = "s: x\na: 1\nb: \"one two\" # c\n"
	r.backAndForth(src)
	for name, c := range map[string][2]string{
		"NEL ends a line":                  {"a: 1\n", "a: 1\u0085"},
		"NEL in a text":                    {"one two", "one\u0085two"},
		"LS in a comment":                  {"# c", "# c\u2028d"},
		"PS in a value":                    {"a: 1", "a: 1\u20292"},
		"a lone carriage return":           {"a: 1\n", "a: 1\r"},
		"a comment with nothing before it": {"\" # c", "\"# c"},
		"a directive that is a text":       {"\"one two\"", "\"one\n%YAML 1.2 two\""},
	} {
		changed := strings.Replace(src, c[0], c[1], 1)
		if changed == src {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, _, err := Seal([]byte(changed), r.options); err == nil {
			t.Errorf("%s: sealed %q", name, changed)
		}
	}
}
