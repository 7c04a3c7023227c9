package document

import (
	"strings"
	"testing"
)

// altered is one row: a file, and what becomes of it.
type altered struct{ format, src, path, text, want string }

// TestPut puts a value into a file of each format. Everything else stays, byte for byte; an empty want is a refusal.
func TestPut(t *testing.T) {
	for _, c := range []altered{
		{"yaml", "# c\ndb:\n  user: joe # u\n  password: 'old'\n", "db.password", "it's", "# c\ndb:\n  user: joe # u\n  password: 'it''s'\n"},
		{"yaml", "a: old # c\n", "a", "new", "a: new # c\n"},
		{"yaml", "a: old\n", "a", "yes", "a: \"yes\"\n"},
		{"yaml", "a: old\n", "a", "12", "a: \"12\"\n"},
		{"yaml", "a: old\n", "a", "x: #y\n", "a: \"x: #y\\n\"\n"},
		{"yaml", "a:\nb: 1\n", "a", "new", "a: new\nb: 1\n"},
		{"yaml", "a: ~\nb: 1\n", "a", "new", "a: new\nb: 1\n"},
		{"yaml", "k: |\n  one\n  two\nb: 1\n", "k", "three\nfour\n", "k: |\n  three\n  four\nb: 1\n"},
		{"yaml", "a: [x, y]\n", "a[1]", "z", "a: [x, z]\n"},
		{"yaml", "a: [x, y]\n", "a", "z", ""},
		{"yaml", "a: x\n", "a.b", "z", ""},
		{"yaml", "a: 1\na: 2\n", "a", "z", ""},
		{"yaml", "a: 1\r\nb:\r\n  c: 1 # x\r\n", "b.d", "z", "a: 1\r\nb:\r\n  c: 1 # x\r\n  d: z\r\n"},
		{"yaml", "a:\n  b: 1\n# end", "new", "z", "a:\n  b: 1\nnew: z\n# end"},
		{"yaml", "a: 1", "n", "z", "a: 1\n\"n\": z"},
		{"yaml", "a: |+\n  x\n\n", "new", "z", "a: |+\n  x\n\nnew: z\n"},
		{"yaml", "a: {b: 1}\n", "a.c", "z", "a: {b: 1, c: z}\n"},
		{"yaml", "a: {b: 1, c: {d: [x]}}\n", "a.e", "z", "a: {b: 1, c: {d: [x]}, e: z}\n"},
		{"yaml", "a: {\n  b: 1, # c\n  c: 2\n}\n", "a.d", "z", "a: {\n  b: 1, # c\n  c: 2,\n  d: z\n}\n"},
		{"yaml", "a: {}\nb: {}\n", "b.c", "z", "a: {}\nb: {c: z}\n"},
		{"yaml", "a: [ ]\n", "a[0]", "z", "a: [z]\n"},
		{"yaml", "a: [x]\n", "a[1].n", "z", "a: [x, {\"n\": z}]\n"},
		{"yaml", "a: [x]\n", "a[2]", "z", ""},
		{"yaml", "a:\n- x\n- y\nb: 1\n", "a[2]", "z", "a:\n- x\n- y\n- z\nb: 1\n"},
		{"yaml", "a:\n  - u: 1\n    v: [1, 2]\nb: 1\n", "a[1].u", "z", "a:\n  - u: 1\n    v: [1, 2]\n  - u: z\nb: 1\n"},
		{"yaml", "a:\n  - u: 1\n    v:\n      - 1\nb: 1\n", "a[0].w", "z", "a:\n  - u: 1\n    v:\n      - 1\n    w: z\nb: 1\n"},
		{"yaml", "a:\n  - u: 1\n    v:\n      - 1\nb: 1\n", "a[0].v[1]", "z", "a:\n  - u: 1\n    v:\n      - 1\n      - z\nb: 1\n"},
		{"yaml", "x: 1\n", "a.b.c", "z", "x: 1\na:\n  b:\n    c: z\n"},
		{"yaml", "x:\n    y: 1\nb: 1\n", "x.a.b", "z", "x:\n    y: 1\n    a:\n        b: z\nb: 1\n"},
		{"yaml", "x: 1\n", "a.b[0].c", "z", "x: 1\na:\n  b:\n    - c: z\n"},
		{"yaml", "x: 1\n", "a.b[1]", "z", ""},
		{"yaml", "x: {y: {z: 1}}\n", "x.a.b", "z", "x: {y: {z: 1}, a: {b: z}}\n"},
		{"yaml", "a:\n  b:\n    c: 1\nd: 1\n", "a.e", "z", "a:\n  b:\n    c: 1\n  e: z\nd: 1\n"},
		{"yaml", "[a, b]\n", "[2]", "z", "[a, b, z]\n"},
		{"yaml", "- a\n- b\n", "[2]", "z", "- a\n- b\n- z\n"},
		{"json", "{\n  \"a\": [\n    1,\n    2\n  ]\n}\n", "a[2]", "z", "{\n  \"a\": [\n    1,\n    2,\n    \"z\"\n  ]\n}\n"},
		{"json", "{\"a\": [1]}", "a[1]", "z", "{\"a\": [1, \"z\"]}"},
		{"json", "{\"a\": []}", "a[0].b", "z", "{\"a\": [{\"b\": \"z\"}]}"},
		{"json", "{\n  \"a\": 1\n}\n", "b.c.d", "z", "{\n  \"a\": 1,\n  \"b\": {\"c\": {\"d\": \"z\"}}\n}\n"},
		{"json", "{\"a\": [1]}", "a.b", "z", ""},
		{"json", "{\"a\": {\"b\": 1}}", "a[0]", "z", ""},
		{"toml", "a = 1\n", "b.c.d", "z", "a = 1\n[b.c]\nd = \"z\"\n"},
		{"toml", "[b]\nc = 1\n[b.e]\nf = 1\n", "b.e.g.h", "z", "[b]\nc = 1\n[b.e]\nf = 1\n[b.e.g]\nh = \"z\"\n"},
		{"toml", "[b.e]\nf = 1\n", "b.g", "z", "[b.e]\nf = 1\n[b]\ng = \"z\"\n"},
		{"toml", "a.b = 1\nc = 1\n", "a.d", "z", "a.b = 1\na.d = \"z\"\nc = 1\n"},
		{"toml", "a = { x = 1 }\n", "a.y", "z", "a = { x = 1, y = \"z\" }\n"},
		{"toml", "a = { x = 1 }\n", "a.y.w", "z", "a = { x = 1, y = { w = \"z\" } }\n"},
		{"toml", "a = [\n  1,\n  2, # c\n]\n", "a[2]", "z", "a = [\n  1,\n  2,\n  \"z\", # c\n]\n"},
		{"toml", "a = []\n", "a[0]", "z", "a = [\"z\"]\n"},
		{"toml", "[[s]]\na = 1\n[[s]]\na = 2\n", "s[1].b", "z", "[[s]]\na = 1\n[[s]]\na = 2\nb = \"z\"\n"},
		{"toml", "[t]\n[u]\nb = 1\n", "t.c", "z", "[t]\nc = \"z\"\n[u]\nb = 1\n"},
		{"yaml", "a: 1\n---\nb: 1\n", "c", "z", ""},
		{"yaml", "- a: 1\n", "b", "z", ""},
		{"yaml", "a: &x old\nb: *x\n", "b", "z", "a: &x old\nb: z\n"},
		{"json", "{\n  \"a\": \"old\",\n  \"n\": 1\n}\n", "a", "q\"\n\u2028", "{\n  \"a\": \"q\\\"\\n\\u2028\",\n  \"n\": 1\n}\n"},
		{"json", "{\n  \"a\": \"old\"\n}\n", "b", "z", "{\n  \"a\": \"old\",\n  \"b\": \"z\"\n}\n"},
		{"json", "{\"a\": {}, \"c\": 1}", "a.b", "z", "{\"a\": {\"b\": \"z\"}, \"c\": 1}"},
		{"json", "{\"a\": 1}", `["b"]`, "z", "{\"a\": 1,\"b\": \"z\"}"},
		{"json", "[{\"a\": 1}]", "[0].b", "z", "[{\"a\": 1,\"b\": \"z\"}]"},
		{"jsonc", "{\n  // c\n  \"a\": 1, // d\n}\n", "b", "z", "{\n  // c\n  \"a\": 1,\n  \"b\": \"z\", // d\n}\n"},
		{"toml", "a = 'old'\n[t]\nb = 1\n", "a", "x\\y", "a = 'x\\y'\n[t]\nb = 1\n"},
		{"toml", "a = 'old'\n[t]\nb = 1\n", "a", "it's", "a = \"it's\"\n[t]\nb = 1\n"},
		{"toml", "a = 1\n[t]\nb = [\n 1\n]\n[u]\nc = 1\n", "t.d", "z", "a = 1\n[t]\nb = [\n 1\n]\nd = \"z\"\n[u]\nc = 1\n"},
		{"toml", "a = 1\n\n[t]\nb = 1\n", "d e", "z", ""},
		{"toml", "a = 1\n\n[t]\nb = 1\n", `"d e"`, "z", "a = 1\n\"d e\" = \"z\"\n\n[t]\nb = 1\n"},
		{"toml", "[t]\nb = 1\n", "d", "z", "d = \"z\"\n[t]\nb = 1\n"},
		{"dotenv", "export A='old' # c\nB=2\n", "A", "x$y", "export A='x$y' # c\nB=2\n"},
		{"dotenv", "A=old # c\n", "A", "it's\nb", "A=\"it's\\nb\" # c\n"},
		{"dotenv", "A=1", "N", "z z", "A=1\nN='z z'"},
		{"dotenv", "A=1\nA=2\n", "A", "z", ""},
		{"dotenv", "A=1\n", "B.C", "z", ""},
		{"ini", "[s]\na = old\n[t]\nb=1\n", "s.a", "x;y", "[s]\na = x;y\n[t]\nb=1\n"},
		{"ini", "[s]\n  a = 1\n\n[t]\nb=1\n", "s.n", "z", "[s]\n  a = 1\n  n = z\n\n[t]\nb=1\n"},
		{"ini", "[s]\na = 1\n", "u.n", "z", "[s]\na = 1\n[u]\nn = z\n"},
		{"ini", "[s]\na = 1\n", "n", "z", "n = z\n[s]\na = 1\n"},
		{"ini", "[e] ; c\n[s]\na = 1\n", "e.n", "z", "[e] ; c\nn = z\n[s]\na = 1\n"},
		{"ini", "[s]\na = 1\n", "s.n.m", "z", ""},
		{"ini", "a\n", "[0]", "z", ""},
		{"ini", "a\n", `""`, "z", ""},
		{"dotenv", "A=1\n", `""`, "z", ""},
		{"ini", "a=1\n", `"b.c"`, "z", "a=1\nb.c=z\n"},
		{"ini", "[s]\na = 1\n", "s.a", "one\ntwo", ""},
		{"ini", "[s]\na = 1\n", "s.a", `c:\`, ""},
		{"hcl", "a = \"old\" # c\nb \"l\" {\n  c = 1\n}\n", "a", "${x}\u0001", "a = \"$${x}\\u0001\" # c\nb \"l\" {\n  c = 1\n}\n"},
		{"hcl", "b \"l\" {\n  c = var.x\n}\n", "b.l.c", "z", "b \"l\" {\n  c = \"z\"\n}\n"},
		{"hcl", "a = <<EOT\nx\nEOT\nb = 1\n", "a", "z", "a = \"z\"\nb = 1\n"},
		{"hcl", "a = 1\n", "n", "z", "a = 1\nn = \"z\"\n"},
		{"hcl", "a = 1\n", "1n", "z", ""},
		{"hcl", "b \"l\" {\n  c = 1\n}\nd = 1\n", "b.l.n", "z", "b \"l\" {\n  c = 1\n  n = \"z\"\n}\nd = 1\n"},
		{"hcl", "a = { x = 1 }\n", "a.y", "z", "a = { x = 1, y = \"z\" }\n"},
		{"hcl", "a = {\n  x = 1\n  y = 2\n}\n", "a.n", "z", "a = {\n  x = 1\n  y = 2\n  n = \"z\"\n}\n"},
		{"hcl", "a = [1, 2]\n", "a[2]", "z", "a = [1, 2, \"z\"]\n"},
		{"hcl", "a = []\n", "a[0]", "z", "a = [\"z\"]\n"},
		{"hcl", "a = 1\n", "b.c", "z", ""},
	} {
		f, err := ByName(c.format)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Put(f, []byte(c.src), c.path, Given{Text: c.text})
		c.check(t, got, err)
		if c.want == "" {
			continue
		}
		found, _, err := Find(f, got, c.path)
		if err != nil || found == nil || found.Text != c.text {
			t.Errorf("%s %s of %q: read back %+v, %v", c.format, c.path, got, found, err)
		}
	}
}

// TestPutLiteral puts numbers and truth values as they are, and no texts.
func TestPutLiteral(t *testing.T) {
	for _, c := range []altered{
		{"yaml", "a: 1\n", "a", "2", "a: 2\n"},
		{"yaml", "a: 1\n", "a", "x", ""},
		{"json", "{\"a\": \"x\"}", "a", "true", "{\"a\": true}"},
		{"toml", "a = 1\n", "b", "1.5", "a = 1\nb = 1.5\n"},
		{"dotenv", "A=\n", "A", "7", "A=7\n"},
		{"ini", "a=\n", "a", "7", "a=7\n"},
		{"hcl", "a = 1\n", "a", "false", "a = false\n"},
	} {
		f, _ := ByName(c.format)
		got, err := Put(f, []byte(c.src), c.path, Given{Text: c.text, Literal: true})
		c.check(t, got, err)
	}
}

// TestDrop takes entries out: their own lines, and nothing else.
func TestDrop(t *testing.T) {
	for _, c := range []altered{
		{format: "yaml", src: "# c\na: 1 # d\nb: 2\n", path: "a", want: "# c\nb: 2\n"},
		{format: "yaml", src: "a: 1\nb: |\n  x\n  y\nc: 3\n", path: "b", want: "a: 1\nc: 3\n"},
		{format: "yaml", src: "a: 1\nb:\n  c: 1\n  d: 2\ne: 1", path: "b", want: "a: 1\ne: 1"},
		{format: "yaml", src: "a: 1\nb: 2", path: "b", want: "a: 1"},
		{format: "yaml", src: "b:\n  c: 1\n", path: "b.c"},
		{format: "yaml", src: "a: 1\nb:\n  c:\n    d:\n      - e: 1\n    f: 2\ng: 1\n", path: "b", want: "a: 1\ng: 1\n"},
		{format: "yaml", src: "- a: 1\n  b: 2\n", path: "[0].a", want: "- b: 2\n"},
		{format: "yaml", src: "a:\n  - x: 1 # c\n    y: 2\n  - x: 3\n", path: "a[0].x", want: "a:\n  - y: 2\n  - x: 3\n"},
		{format: "yaml", src: "a:\n  - x: 1\n    y: 2\n  - x: 3\n", path: "a[0]", want: "a:\n  - x: 3\n"},
		{format: "yaml", src: "a: [x, y, {z: 1}]\n", path: "a[0]", want: "a: [y, {z: 1}]\n"},
		{format: "yaml", src: "a: [x, y, {z: 1}]\n", path: "a[1]", want: "a: [x, {z: 1}]\n"},
		{format: "yaml", src: "a: [x, y, {z: 1}]\n", path: "a[2]", want: "a: [x, y]\n"},
		{format: "yaml", src: "a: [x, y, {z: 1}]\n", path: "a[2].z", want: "a: [x, y, {}]\n"},
		{format: "yaml", src: "a: {b: 1, c: 2}\n", path: "a.b", want: "a: {c: 2}\n"},
		{format: "yaml", src: "a: {b: {c: 2}, d: 1}\n", path: "a.b", want: "a: {d: 1}\n"},
		{format: "yaml", src: "a: [\n  1, # one\n  2 # two\n]\n", path: "a[1]", want: "a: [\n  1, # one\n]\n"},
		{format: "json", src: "{\"a\": [1, 2, 3]}", path: "a[1]", want: "{\"a\": [1, 3]}"},
		{format: "json", src: "[1, {\"b\": 2}]", path: "[1]", want: "[1]"},
		{format: "json", src: "[[1]]", path: "[0][0]", want: "[[]]"},
		{format: "hcl", src: "a = [1, 2, 3]\n", path: "a[1]", want: "a = [1, 3]\n"},
		{format: "hcl", src: "a = {\n  b = 1\n  c = 2\n}\n", path: "a.b", want: "a = {\n  c = 2\n}\n"},
		{format: "toml", src: "a = [1, 2, 3] # c\n", path: "a[2]", want: "a = [1, 2] # c\n"},
		{format: "toml", src: "[[s]]\na = 1\n[[s]]\na = 2\n", path: "s[0]", want: "[[s]]\na = 2\n"},
		{format: "yaml", src: "a: &x 1\nb: *x\n", path: "a"},
		{format: "yaml", src: "a:\n  - x\n  - y\n", path: "a[0]", want: "a:\n  - y\n"},
		{format: "yaml", src: "a: 1\nb:\n  # note\n  c: 1\nd: 1\n", path: "b"},
		{format: "json", src: "{\n  \"a\": 1,\n  \"b\": {\"c\": 2}\n}\n", path: "b", want: "{\n  \"a\": 1\n}\n"},
		{format: "json", src: "{\n  \"a\": 1,\n  \"b\": 2\n}\n", path: "a", want: "{\n  \"b\": 2\n}\n"},
		{format: "json", src: "{\"a\": {\"b\": 1}, \"c\": 1}", path: "a.b", want: "{\"a\": {}, \"c\": 1}"},
		{format: "jsonc", src: "{\n  \"a\": 1,\n  // of b\n  \"b\": 2\n}\n", path: "a"},
		{format: "toml", src: "a = 1\n[t]\nb = 1\n[u]\nc = 1\n", path: "t", want: "a = 1\n[u]\nc = 1\n"},
		{format: "toml", src: "a = [\n 1,\n 2\n]\nb = 1\n", path: "a", want: "b = 1\n"},
		{format: "toml", src: "a = {x = 1, y = 2}\n", path: "a.x", want: "a = {y = 2}\n"},
		{format: "dotenv", src: "A=1\nexport B=\"x\ny\" # c\nC=3\n", path: "B", want: "A=1\nC=3\n"},
		{format: "ini", src: "[s]\na = 1\nb = 2\n[t]\nc = 1\n", path: "s.a", want: "[s]\nb = 2\n[t]\nc = 1\n"},
		{format: "ini", src: "[s]\na = 1\nb = 2\n[t]\nc = 1\n", path: "s", want: "[t]\nc = 1\n"},
		{format: "hcl", src: "a = 1\nb \"l\" {\n  c = 1\n}\n", path: "b", want: "a = 1\n"},
		{format: "hcl", src: "a = 1\nb = <<EOT\nx\nEOT\n", path: "b", want: "a = 1\n"},
		{format: "hcl", src: "a = 1\n", path: "c"},
	} {
		f, _ := ByName(c.format)
		got, err := Drop(f, []byte(c.src), c.path)
		c.check(t, got, err)
	}
}

func (c altered) check(t *testing.T, got []byte, err error) {
	t.Helper()
	switch {
	case c.want == "" && err == nil:
		t.Errorf("%s %s of %q was not refused: %q", c.format, c.path, c.src, got)
	case c.want == "" && c.text != "" && strings.Contains(err.Error(), c.text+"\n"):
		t.Errorf("the refusal shows the value: %v", err)
	case c.want != "" && (err != nil || string(got) != c.want):
		t.Errorf("%s %s of %q: %v\n got %q\nwant %q", c.format, c.path, c.src, err, got, c.want)
	}
}

// TestParsePath reads what String writes, and what SOPS takes.
func TestParsePath(t *testing.T) {
	for text, want := range map[string]string{
		"a.b[0].c": "a.b[0].c", `["a"]["b"][0]`: "a.b[0]", `a."b.c"`: `a."b.c"`, `[1].a`: "[1].a", `a["b c"]`: `a."b c"`,
		"": "", "a..b": "", "a.": "", ".a": "", "a[x]": "", "a[0": "", "a[-1]": "", `"a`: "", "a[0]b": "",
	} {
		p, err := ParsePath(text)
		if (err == nil) != (want != "") || err == nil && p.String() != want {
			t.Errorf("%s: %s, %v", text, p, err)
		}
	}
}
