package document

import (
	"strings"
	"testing"
)

// Parsers call themselves for each bracket, and a stack that is used up ends the process.
func TestDeepNestingIsRefused(t *testing.T) {
	const deep = 2_000_000
	for _, c := range []struct{ format, src string }{
		{"json", strings.Repeat("[", deep)}, {"json", strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep)}, {"jsonc", "// [\n" + strings.Repeat("[", deep)},
		{"yaml", strings.Repeat("[", deep)}, {"yaml", strings.Repeat("- ", deep)}, {"toml", "a = " + strings.Repeat("[", deep)},
		{"hcl", "a = " + strings.Repeat("[", deep/4)}, {"hcl", strings.Repeat("a {\n", deep/4)}, {"hcl", "a = " + strings.Repeat("!", deep/2) + "true"},
		{"hcl", "a = " + strings.Repeat("a?b:", deep/4) + "c"},
	} {
		f, err := ByName(c.format)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parse(f, []byte(c.src)); err == nil {
			t.Errorf("%s: %.10q… was read", c.format, c.src)
		}
	}
	brackets := `{"a": "` + strings.Repeat("[", 2*maxDepth) + `" /* ` + strings.Repeat("{", 2*maxDepth) + " */}"
	if _, err := parse(jsoncFormat{}, []byte(brackets)); err != nil {
		t.Errorf("brackets in a text and a comment: %v", err)
	}
}
