package merge

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/document"
)

// TestLines: one row a rule. What conflicts is written ours|base|theirs.
func TestLines(t *testing.T) {
	for _, tt := range []struct{ base, ours, theirs, want string }{
		{"a b c", "a b c", "a b c", "a b c"},
		{"a b c", "x b c", "a b y", "x b y"},
		{"a b c", "x b c", "x b c", "x b c"},
		{"a b c", "x b c", "y b c", "(x|a|y) b c"},
		{"a b c", "x b c", "a y c", "(x b|a b|a y) c"}, // they touch
		{"a b c", "a c", "a b c d", "a c d"},
		{"a b c", "a c", "a x c", "a (|b|x) c"},
		{"", "a", "a", "a"},
		{"", "a", "b", "(a||b)"},
		{"a", "", "", ""},
		{"a b", "a x b", "a b", "a x b"},
		{"a b", "a x b", "a y b", "a (x||y) b"},
	} {
		line := func(s string) string {
			if s == "" {
				return ""
			}
			return strings.ReplaceAll(s, " ", "\n") + "\n"
		}
		r := Lines(line(tt.base), line(tt.ours), line(tt.theirs))
		words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
		got := words(r.Take(func(c Chunk) string {
			return "(" + words(c.Ours) + "|" + words(c.Base) + "|" + words(c.Theirs) + ")\n"
		}))
		if got != tt.want || r.Clean() == strings.Contains(tt.want, "(") {
			t.Errorf("%s / %s / %s: %q, want %q", tt.base, tt.ours, tt.theirs, got, tt.want)
		}
	}
}

var words = rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "d\n", "e"}), 0, 12)

func text(t *rapid.T, name string) string { return strings.Join(words.Draw(t, name), "") }

// TestLinesAreFair: a side that did not change gives way, equal sides win, the sides may be exchanged, and nothing is
// made up.
func TestLinesAreFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, ours, theirs := text(t, "base"), text(t, "ours"), text(t, "theirs")
		for _, tt := range []struct{ o, a, b, want string }{{base, base, ours, ours}, {base, ours, base, ours}, {base, ours, ours, ours}} {
			if r := Lines(tt.o, tt.a, tt.b); !r.Clean() || r.Take(nil) != tt.want {
				t.Fatalf("%q %q %q: %+v", tt.o, tt.a, tt.b, r)
			}
		}
		one, other := Lines(base, ours, theirs), Lines(base, theirs, ours)
		if len(one) != len(other) {
			t.Fatalf("%+v and %+v", one, other)
		}
		for i, c := range one {
			if d := other[i]; c.Text != d.Text || c.Conflict != d.Conflict || c.Ours != d.Theirs || c.Theirs != d.Ours || c.Base != d.Base {
				t.Fatalf("%+v and %+v", c, d)
			}
		}
		if one.Clean() {
			for line := range strings.Lines(one.Take(nil)) {
				if !strings.Contains(base+ours+theirs, line) {
					t.Fatalf("%q is of nobody", line)
				}
			}
		}
	})
}

// TestLinesAgreeWithGit: texts of different lines are merged as git merges them, conflicts included.
func TestLinesAgreeWithGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	name := func(n string) string { return filepath.Join(dir, n) }
	rapid.Check(t, func(t *rapid.T) {
		var base []string
		for i := range rapid.IntRange(1, 10).Draw(t, "lines") {
			base = append(base, fmt.Sprintf("line %d\n", i))
		}
		changed := func(who string) string {
			list := slices.Clone(base)
			for _, at := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(base)-1), 0, 3, rapid.ID).Draw(t, who) {
				list[at] = rapid.SampledFrom([]string{"", who + "\n", "both\n"}).Draw(t, "to")
			}
			return strings.Join(list, "")
		}
		texts := []string{strings.Join(base, ""), changed("ours"), changed("theirs")}
		for i, n := range []string{"base", "ours", "theirs"} {
			if err := os.WriteFile(name(n), []byte(texts[i]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := exec.Command("git", "merge-file", "-p", "-q", name("ours"), name("base"), name("theirs")).Output()
		r := Lines(texts[0], texts[1], texts[2])
		if r.Clean() && (err != nil || r.Take(nil) != string(want)) {
			t.Fatalf("%q: we merge into %q, git into %q, %v", texts, r.Take(nil), want, err)
		}
	})
}

// TestValues: values side by side are merged, and what would not fit is refused.
func TestValues(t *testing.T) {
	for name, tt := range map[string]struct{ format, base, ours, theirs, want string }{
		"neighbours":        {"yaml", "a: 1\nb: 2\n", "a: 3\nb: 2\n", "a: 1\nb: 4\n", "a: 3\nb: 4\n"},
		"one line":          {"json", `{"a":1,"b":[2,3]}`, `{"a":9,"b":[2,3]}`, `{"a":1,"b":[2,8]}`, `{"a":9,"b":[2,8]}`},
		"equal values":      {"json", `{"a":1,"b":1}`, `{"a":2,"b":1}`, `{"a":1,"b":2}`, `{"a":2,"b":2}`},
		"the same value":    {"yaml", "a: 1\n", "a: 2\n", "a: 3\n", "conflict a"},
		"changed and gone":  {"yaml", "a: 1\nb: 2\n", "b: 2\n", "a: 3\nb: 2\n", "conflict a"},
		"quotes":            {"yaml", "a: x\nb: y\n", "a: 'x1'\nb: y\n", "a: x\nb: \"y1\"\n", "a: 'x1'\nb: \"y1\"\n"},
		"several lines":     {"yaml", "a: |\n  x\n  y\nb: 1\n", "a: |\n  z\nb: 1\n", "a: |\n  x\n  y\nb: 2\n", "a: |\n  z\nb: 2\n"},
		"comment and value": {"yaml", "# c\na: 1\n", "# d\na: 1\n", "# c\na: 2\n", "# d\na: 2\n"},
		"no yaml":           {"yaml", "a: 1\n", "a: [\n", "a: 2\n", "error"},
	} {
		f, err := document.ByName(tt.format)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Values(f, tt.base, tt.ours, tt.theirs)
		got := ""
		switch {
		case err != nil:
			got = "error"
		case !r.Clean():
			got = "conflict " + strings.Join(Contested(f, tt.base, tt.ours, tt.theirs), " ")
		default:
			got = r.Take(nil)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, tt.want, err)
		}
	}
}

// TestMarks: what stands around conflicts is found again.
func TestMarks(t *testing.T) {
	c := Chunk{Conflict: true, Base: "b", Ours: "o\n", Theirs: ""}
	if got, want := Marked(c), "<<<<<<< ours\no\n||||||| base\nb\n=======\n>>>>>>> theirs\n"; got != want {
		t.Errorf("%q", got)
	}
	if !HasMarks(Marked(c)) || !HasMarks(string(Around([]byte("a"), []byte("b")))) || HasMarks("=======\n<<<<<<\n") {
		t.Error("marks are not found, or found where there are none")
	}
}

// TestLongTextsEnd: a text of many equal lines is not compared line by line with all of them.
func TestLongTextsEnd(t *testing.T) {
	many := strings.Repeat("x\n", 50_000)
	if r := Lines(many, "a\n"+many+"b\n", many+"c\n"); r == nil || r.Take(Ours) == "" {
		t.Error("nothing was merged")
	}
}
