package document

import (
	"fmt"
	"slices"
	"testing"
)

// everything is what a file says, each value by its place, and all its comments, each as often as it is there.
func everything(t *testing.T, f Format, src []byte) (values map[string]int, paths []Path, comments map[string]int, inOrder []string) {
	t.Helper()
	items, err := parse(f, src)
	if err != nil {
		t.Fatalf("%v\n%q", err, src)
	}
	values, comments = map[string]int{}, map[string]int{}
	for _, i := range items {
		switch i.Kind {
		case Value:
			m, err := meant(f, src, i)
			what := fmt.Sprintf("%s %q %q %t %t", i.Type, m.Text, i.Note, m.Null, err != nil)
			values[i.Path.String()+" "+what]++
			paths, inOrder = append(paths, i.Path), append(inOrder, what)
		case Comment:
			comments[i.Text]++
		}
	}
	return values, paths, comments, inOrder
}

// less is what a has and b has not.
func less(a, b map[string]int) (out []string) {
	for what, n := range a {
		for range n - b[what] {
			out = append(out, what)
		}
	}
	return out
}

// fuzzAlter holds what set and unset promise: a file differs in that value alone, or the change is refused.
func fuzzAlter(f *testing.F, format string, seeds ...string) {
	for n, seed := range seeds {
		for k, path := range []string{"a", "a.b", "a[0]", "a[1]", "a.n.m", "n", "a[2].n", "b"} {
			f.Add([]byte(seed), path, []string{"z", "it's \"x\"\n", "1", "# y: [z]"}[(n+k)%4], k%5 == 4)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, path, text string, literal bool) {
		p, err := ParsePath(path)
		format, _ := ByName(format)
		if _, bad := parse(format, src); bad != nil || err != nil || len(src) > 4<<10 {
			return
		}
		values, paths, comments, inOrder := everything(t, format, src)
		if out, err := Put(format, src, path, Given{Text: text, Literal: literal}); err == nil {
			now, there, notes, _ := everything(t, format, out)
			gone, come := less(values, now), less(now, values)
			same := len(gone) == 0 && len(come) == 0 && slices.ContainsFunc(paths, func(q Path) bool { return samePath(p, q) })
			grown := len(there) - len(paths)
			if !same && (len(come) != 1 || len(gone)+grown != 1 || !slices.ContainsFunc(there, func(q Path) bool { return samePath(p, q) }) || grown == 0 && !slices.ContainsFunc(paths, func(q Path) bool { return samePath(p, q) })) {
				t.Fatalf("set %s in %q to %q: %q: gone %q, come %q", path, src, text, out, gone, come)
			}
			if found, _, err := Find(format, out, path); err != nil || found == nil || found.Text != text {
				t.Fatalf("set %s in %q to %q: %q: read back %+v, %v", path, src, text, out, found, err)
			}
			if lost := append(less(comments, notes), less(notes, comments)...); len(lost) > 0 {
				t.Fatalf("set %s in %q to %q: %q: comments %q", path, src, text, out, lost)
			}
		}
		if out, err := Drop(format, src, path); err == nil {
			_, there, notes, now := everything(t, format, out)
			var left []Path
			var says []string
			for n, q := range paths {
				if !q.within(p) {
					left, says = append(left, movedUp(Item{Path: q}, p).Path), append(says, inOrder[n])
				}
			}
			if !slices.EqualFunc(left, there, samePath) || !slices.Equal(says, now) || len(less(notes, comments)) > 0 {
				t.Fatalf("unset %s in %q: %q: left %v, there %v", path, src, out, left, there)
			}
		}
	})
}

func FuzzAlterYAML(f *testing.F) {
	fuzzAlter(f, "yaml", "a: 1\nb: [x, 'y'] # c\n", "a:\n  b: 1 # d\n  c: |\n    x\n", "a:\n- x\n- b: 1\n  c: 2\nb: ~\n", "a: {b: 1, c: [2, {d: 3}]}\n", "a: [1, 2, # e\n  3]\n", "- a\n- b: {}\n",
		"a: &x 1\nb: *x\n", "a: {}\r\nb: []\r\n", "---\na: 1\n---\nb: 2\n")
}

func FuzzAlterJSON(f *testing.F) {
	fuzzAlter(f, "json", `{"a": [1, "x", null], "b": true}`, "{\n  \"a\": {\"b\": 1, \"c\": []},\n  \"b\": {}\n}\n", `[{"a": 1}, []]`)
}

func FuzzAlterJSONC(f *testing.F) {
	fuzzAlter(f, "jsonc", "// x\n{\"a\": 1, /* y */ \"b\": [1, // z\n 2,],}\n", "{\"a\": {\"b\": 1, // c\n}}")
}

func FuzzAlterTOML(f *testing.F) {
	fuzzAlter(f, "toml", "a.b = 1 # c\n[[d]]\ne = [1, {f = 1}]\n[d.g]\nh = 2\n", "a = [1, # x\n 2,\n]\nb = {c = 1, d = {}}\n", "[a]\n[a.b]\nc = 1\n[b]\n", "a = []\n")
}

func FuzzAlterDotenv(f *testing.F) {
	fuzzAlter(f, "dotenv", "export a=1 # c\nb='x\ny'\nn=\n", "a=\"q\\\"\" # c\r\nb: x\n")
}

func FuzzAlterINI(f *testing.F) {
	fuzzAlter(f, "ini", "[a] ; c\nb = c\n  d\n# f\n[b]\n", "a=b\nb:\n", "[a]\r\nb =\r\n  c\r\n")
}

func FuzzAlterHCL(f *testing.F) {
	fuzzAlter(f, "hcl", "a \"b\" {\n  c = [1, {d = \"x\"}] // g\n}\nb = 1\n", "a = {\n  b = 1 # x\n  c = 2\n}\n", "a = [1, 2] /* y */\nb = <<E\nx\nE\n", "a = {}\nb = []\n")
}
