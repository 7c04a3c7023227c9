package document

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// later are generations of a document: one value changed, and another wrap.
func (m *maker) later(format, src, from, to string) {
	m.t.Helper()
	doc, _ := m.ok(format+"-first", "the generation before "+format+"-updated", format, src)
	now, h := m.next(doc, strings.Replace(src, from, to, 1))
	m.add(format+"-updated", "one value changed: the others keep their tokens", "ok", strings.Replace(src, from, to, 1), now, h)
	m.bad(format+"-old-value-put-back", "changed", strings.Replace(src, from, to, 1), now, h, lineOf(now, "PASSWORD"), lineOf(doc, "PASSWORD"))
}

// tables is TOML. What stands after it keeps its randomness, as what stands before it does.
func (m *maker) tables() {
	const src = "# top\ntitle = \"a\\u00e9\\n\" # why\n[db.\"a b\"] # c\nuser.name = 'app'\nPASSWORD = \"\"\"\none \\\n  two\"\"\"\nlist = [ # in\n  {}, [\n  ], 5432, { n = 1 }]\nsince = 1979-05-27 07:32:00.5\n" +
		"[[f]]\ng = true\n[[f]]\n[f.h]\ni = 0xDEAD_beef\n[e]\n"
	m.ok("toml", "every value: dotted names, tables, arrays of tables, empty ones, comments between", "toml", src)
	m.ok("toml-crlf-bom", "CR LF, a byte order mark, a text over lines, no end of the last one", "toml", "\ufeffa = '''\r\nx\r\ny'''\r\nb = \"\"\"q\"\"\"\"\"")
	doc, h := m.ok("toml-rules", "what -only finds", "toml", src, rules("^PASSWORD$ ^i$", ""))
	for _, c := range [][3]string{
		{"toml-table-renamed", "[db.\"a b\"]", "[db.\"a c\"]"}, {"toml-table-to-array", "[e]", "[[e]]"}, {"toml-table-to-another-place", "[[f]]\n[f.h]", "[f.h]"},
		{"toml-table-deleted", "[e]\n", ""}, {"toml-dot-quoted", "user.name", "\"user.name\""}, {"toml-number-to-text", "5432", "\"5432\""},
		{"toml-comment-out-of-a-list", "[ # in\n", "[\n"}, {"toml-list-to-map", "{}, [", "[], ["},
	} {
		m.bad(c[0], "changed", src, doc, h, c[1], c[2])
	}
	m.bad("toml-name-twice", "malformed", src, doc, h, "[e]\n", "[e]\ng = 1\ng = 2\n")
	same := strings.NewReplacer("[db.\"a b\"]", "[ db . 'a b' ]", "'app'", "\"app\"")
	m.add("toml-reformatted", "white space and the kind of quotes are nobody's", "ok", same.Replace(src), same.Replace(doc), h)
	m.later("toml", src, "one", "won")
}

// blocks is HCL.
func (m *maker) blocks() {
	const src = "# top\nregion = \"cn\" // why\ndb \"main\" l {\n  PASSWORD = \"s3 #cret \\\"$${no}\"\n  port = (5432)\n  tags = { a = \"x\", \"b c\" : true, (var.k) = -2, n = null, n = [] } /* c */\n" +
		"  url = \"u:${var.p}\" # d\n  sum = 1 + /* in */ 2\n}\ndb \"main\" \"l\" {\n  text = <<-EOT\n    line # no\n    EOT\n}\ndb \"q\\\"\" {}\n"
	m.ok("hcl", "every value: blocks of one name, labels, names, expressions, a heredoc, comments between and inside", "hcl", src)
	m.ok("hcl-crlf-bom", "CR LF, a byte order mark, no end of the last line", "hcl", "\ufeffa = <<E\r\nx\r\nE\r\nb = [1,\r\n 2]")
	doc, h := m.ok("hcl-rules", "what -except does not find", "hcl", src, rules("", "^region$ ^tags$ ^port$"))
	for _, c := range [][3]string{
		{"hcl-label", "\"main\" l", "\"mine\" l"}, {"hcl-labels-to-one", "\"main\" l {", "\"main l\" {"}, {"hcl-block-deleted", "db \"q\\\"\" {}\n", ""},
		{"hcl-expression", "var.p", "var.q"}, {"hcl-comment-in-an-expression", "/* in */", "/* on */"}, {"hcl-comment", "// why", "# why"},
		{"hcl-name-in-parentheses", "(var.k)", "(var.z)"}, {"hcl-text-to-number", "\"x\"", "1"}, {"hcl-null-to-empty", "null", "\"\""}, {"hcl-name-twice", "n = []", "o = []"},
	} {
		m.bad(c[0], "changed", src, doc, h, c[1], c[2])
	}
	m.bad("hcl-attribute-twice", "malformed", src, doc, h, "region = ", "region = 1\nregion = ")
	same := strings.NewReplacer("(5432)", "5432", "\"main\" l {", "\"main\" \"l\" {", "\"b c\" : ", "\"b c\"=")
	m.add("hcl-reformatted", "white space, parentheses around a value and quotes of names are nobody's", "ok", same.Replace(src), same.Replace(doc), h)
	m.later("hcl", src, "s3 ", "s4 ")
}

// linesLater are the later generations of the formats of lineByLine.
func (m *maker) linesLater() {
	m.later("dotenv", "A=1\nPASSWORD=\"one\ntwo\" # c\nB=\n", "one", "won")
	m.later("ini", "[a]\nb = 1\nPASSWORD = one\n  ; note\n  two\n", "one", "won")
}

// The page names each vector there is, with its result, and no other.
func TestThePageListsEveryVector(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "envelope-format.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## 15. ")
	table, _, _ = strings.Cut(table, "### 15.1")
	var listed []string
	for line := range strings.Lines(table) {
		names, result, _ := strings.Cut(strings.Trim(line, "|\n "), " | ")
		if !strings.HasPrefix(line, "| `") || !regexp.MustCompile(`^(ok|changed|malformed|unsupported|no document)`).MatchString(result) {
			continue
		}
		for _, name := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(names, -1) {
			listed = append(listed, name[1])
		}
	}
	files, err := filepath.Glob(filepath.Join(vectorDir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".json"); !slices.Contains(listed, name) {
			t.Errorf("docs/envelope-format.md does not list the vector %s", name)
		}
	}
	if len(listed) != len(files) {
		t.Errorf("docs/envelope-format.md lists %d vectors, and there are %d", len(listed), len(files))
	}
}
