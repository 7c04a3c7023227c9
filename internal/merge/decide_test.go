package merge

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/document"
)

// Each contested value gets the side that is decided, what one side alone changed is that side's, in each format.
func TestDecide(t *testing.T) {
	at := func(list ...string) (d Decisions) {
		for _, one := range list {
			side, place, _ := strings.Cut(one, " ")
			if place == "" {
				d.Rest = Side(side)
			} else {
				d.At = append(d.At, Decision{place, Side(side)})
			}
		}
		return d
	}
	const base, ours, theirs = "a: 1\nb: 1\nc: 1\nd: 1\n", "a: 2\nb: 2\nc: 2\nd: 1\n", "a: 3\nb: 3\nc: 1\nd: 3\n"
	for name, tt := range map[string]struct {
		format, base, ours, theirs string
		d                          Decisions
		want                       string
	}{
		"apart":        {"yaml", base, ours, theirs, at("ours a", "theirs b"), "a: 2\nb: 3\nc: 2\nd: 3\n"},
		"the rest":     {"yaml", base, ours, theirs, at("theirs", "ours a"), "a: 2\nb: 3\nc: 2\nd: 3\n"},
		"one is left":  {"yaml", base, ours, theirs, at("ours a"), "not decided yet: b"},
		"of one side":  {"yaml", base, ours, theirs, at("ours", "ours c"), "c is not contested; what is: a, b"},
		"both":         {"yaml", base, ours, theirs, at("ours", "ours a", "theirs a"), "a cannot be both"},
		"no such":      {"yaml", base, ours, theirs, at("ours", "ours aa"), "aa is not contested"},
		"json":         {"json", `{"a":[1,1],"b":1}`, `{"a":[2,2],"b":2}`, `{"a":[3,3],"b":1}`, at("theirs a[0]", "ours a[1]"), `{"a":[3,2],"b":2}`},
		"around":       {"json", `{"a":[1,1],"b":1}`, `{"a":[2,2],"b":2}`, `{"a":[3,3],"b":3}`, at("ours", "theirs a", "ours a[1]"), `{"a":[3,2],"b":2}`},
		"dotenv":       {"dotenv", "A=1\nB=\"x\"\nC=1\n", "A=2\nB=\"y\"\nC=1\n", "A=3\nB='z'\nC=3\n", at("ours A", "theirs B"), "A=2\nB='z'\nC=3\n"},
		"toml":         {"toml", "[a]\nb = 1\nc = 1\n", "[a]\nb = 2\nc = 2\n", "[a]\nb = 3\nc = 3\n", at("theirs a", "ours a.c"), "[a]\nb = 3\nc = 2\n"},
		"ini":          {"ini", "[a]\nb = 1\nc = 1\n", "[a]\nb = 2\nc = 2\n", "[a]\nb = 3\nc = 3\n", at("theirs a.b", "ours a.c"), "[a]\nb = 3\nc = 2\n"},
		"hcl":          {"hcl", "a {\n  b = 1\n  c = 1\n}\n", "a {\n  b = 2\n  c = 2\n}\n", "a {\n  b = 3\n  c = 3\n}\n", at("theirs a.b", "ours a.c"), "a {\n  b = 3\n  c = 2\n}\n"},
		"gone":         {"yaml", "a: 1\nb: 1\nc: 1\n", "b: 2\nc: 1\n", "a: 3\nb: 3\nc: 1\n", at("ours a", "ours b"), "b: 2\nc: 1\n"},
		"gone, theirs": {"yaml", "a: 1\nb: 1\n", "b: 1\n", "a: 3\nb: 1\n", at("theirs a"), "a: 3\nb: 1\n"},
		"gone, apart":  {"yaml", "a: 1\nb: 1\nc: 1\n", "b: 2\nc: 1\n", "a: 3\nb: 3\nc: 1\n", at("theirs a", "ours b"), "a: 3\nb: 2\nc: 1\n"},
		"both gone":    {"yaml", "a: 1\nb: 1\nz: 0\n", "z: 0\n", "a: 3\nb: 3\nz: 0\n", at("theirs a", "ours b"), "cannot be decided apart"},
		"no base":      {"json", "", `{"a":1,"b":2}`, `{"a":3,"b":4}`, at("theirs a", "ours b"), "cannot be decided apart"},
		"no base, one": {"json", "", `{"a":1,"b":2}`, `{"a":3,"b":2}`, at("theirs a"), `{"a":3,"b":2}`},
		"a comment":    {"yaml", "# 1\na: 1\n", "# 2\na: 2\n", "# 3\na: 3\n", at("theirs a"), "a comment, a name"},
		"its rest":     {"yaml", "# 1\na: 1\n", "# 2\na: 2\n", "# 3\na: 3\n", at("ours", "theirs a"), "# 2\na: 3\n"},
		"odd names":    {"json", `{"a.b":1,"a":{"b":1}}`, `{"a.b":2,"a":{"b":2}}`, `{"a.b":3,"a":{"b":3}}`, at(`ours "a.b"`, "theirs a.b"), `{"a.b":2,"a":{"b":3}}`},
		"added":        {"yaml", "a: 1\n", "a: 1\nb: 2\n", "a: 1\nb: 3\n", at("theirs b"), "a: 1\nb: 3\n"},
		"no yaml":      {"yaml", "a: 1\n", "a: [\n", "a: 2\n", at("ours"), "no YAML"},
	} {
		f, err := document.ByName(tt.format)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decide(f, tt.base, tt.ours, tt.theirs, tt.d)
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != tt.want || err != nil && !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
