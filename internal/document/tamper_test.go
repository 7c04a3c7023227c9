package document

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// tampered are changes to a document that somebody without its key can make: what envelope-anchors lists of SOPS,
// and siblings. Only "password" and "list" are sealed.
var tampered = []struct {
	name     string
	from, to string // texts of the document; ~A and ~B stand for the first and the second sealed value
}{
	{"rename/a name in clear", `"guest"`, `"root"`},
	{"rename/of a sealed value", `"password"`, `"passwort"`},
	{"swap/two names in clear", `"guest": "12", "admin": "3"`, `"admin": "12", "guest": "3"`},
	{"move bytes/between neighbours", `"12", "admin": "3"`, `"1", "admin": "23"`},
	{"add/an empty text", `"guest"`, `"x": "", "guest"`},
	{"add/null", `"guest"`, `"x": null, "guest"`},
	{"add/an empty list", `"guest"`, `"x": [], "guest"`},
	{"comment/added", `"guest"`, `/* safe */ "guest"`},
	{"comment/changed", `// keep`, `// drop`},
	{"comment/removed", `// keep`, ``},
	{"comment/moved", `"guest": "12", "admin": "3" // keep`, "// keep\n" + `"guest": "12", "admin": "3"`},
	{"nested/a name with a dot", `"to.ot": "x"`, `"to": {"ot": "x"}`},
	{"type/of a sealed value", `kmsplan:v1:text:`, `kmsplan:v1:plain:`},
	{"type/of a value in clear", `"12"`, `12`},
	{"value/in clear changed", `"3"`, `"4"`},
	{"swap/two sealed values of a list", "~A, ~B", "~B, ~A"},
	{"swap/values of two names", "~P", "~A"},
	{"copy/a sealed value to another name", `"guest": "12"`, `"guest": ~P`},
	{"delete/a sealed value", "~A, ", ""},
	{"delete/a value in clear", `, "admin": "3"`, ""},
	{"duplicate/a sealed value", "~A, ", "~A, ~A, "},
	{"exchange/a sealed value for a readable one", "~P", `"mine"`},
	{"cut/a sealed value", "~P", `"kmsplan:v1:text:AAAA"`},
	{"context/another", "app=orders", "app=public"},
	{"rules/others", "-> only ", "-> except "},
	{"generation/another", "-> gen 1", "-> gen 2"},
	{"header/another format", "document/v1 jsonc", "document/v1 json"},
}

const tamperSource = "{\n  \"guest\": \"12\", \"admin\": \"3\" // keep\n  , \"password\": \"s3cret\",\n  \"list\": [\"one\", \"two\"], \"to.ot\": \"x\"\n}\n"

func TestTamper(t *testing.T) {
	r := newRig(t, "jsonc")
	r.options.Rules = Rules{Only: []string{"password", "list"}}
	doc := string(r.backAndForth(tamperSource))
	for _, c := range tampered {
		t.Run(c.name, func(t *testing.T) {
			names := values(t, doc)
			from, to := names.Replace(c.from), names.Replace(c.to)
			if strings.Count(doc, from) == 0 {
				t.Fatalf("%q does not stand in\n%s", from, doc)
			}
			refused(t, r, strings.Replace(doc, from, to, 1))
		})
	}
}

// values names the sealed values of the tamper source.
func values(t *testing.T, doc string) *strings.Replacer {
	t.Helper()
	items, err := parseJSON([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, i := range items {
		if Token(i.Text) {
			found = append(found, `"`+i.Text+`"`)
		}
	}
	if len(found) != 3 {
		t.Fatalf("%d sealed values", len(found))
	}
	return strings.NewReplacer("~P", found[0], "~A", found[1], "~B", found[2])
}

func refused(t *testing.T, r *rig, doc string) {
	t.Helper()
	d, err := r.open([]byte(doc))
	if err == nil {
		t.Errorf("opened:\n%s\nfrom\n%s", d.Plain, doc)
	}
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the value is in the error: %v", err)
	}
}

// TestTamper's siblings: between two documents of one data key, and between two states of one.
func TestTamperAcrossDocuments(t *testing.T) {
	r := newRig(t, "json")
	one, two := string(r.seal(`{"a": "1"}`)), string(r.seal(`{"a": "2"}`))
	value := func(doc string) string {
		_, rest, _ := strings.Cut(doc, "kmsplan:v1:")
		token, _, _ := strings.Cut(rest, `"`)
		return token
	}
	t.Run("a value of another file", func(t *testing.T) {
		refused(t, r, strings.Replace(one, value(one), value(two), 1))
	})
	t.Run("the header of another file", func(t *testing.T) {
		refused(t, r, one[:strings.Index(one, `"kmsplan"`)]+two[strings.Index(two, `"kmsplan"`):])
	})
	d, err := r.open([]byte(one))
	if err != nil {
		t.Fatal(err)
	}
	later, _, err := d.Update([]byte(`{"a": "3"}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("an old value put back", func(t *testing.T) {
		refused(t, r, strings.Replace(string(later), value(string(later)), value(one), 1))
	})
	t.Run("another context expected", func(t *testing.T) {
		_, err := Open(context.Background(), later, envelope.OpenOptions{Identities: []envelope.Identity{r.identity}, Context: envelope.Context{"app": "x"}})
		if err == nil {
			t.Error("opened")
		}
	})
}

// What only changes how the file looks changes nothing.
func TestReformattedDocumentOpens(t *testing.T) {
	r := newRig(t, "json")
	doc := r.seal("{\n  \"a\": \"x\",\n  \"b\": [1, 2]\n}\n")
	d, err := r.open(bytes.ReplaceAll(doc, []byte("\n  "), []byte("\n\t")))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(d.Plain); got != "{\n\t\"a\": \"x\",\n\t\"b\": [1, 2]\n}\n" {
		t.Errorf("%q", got)
	}
}

// A format whose parser sees less than there is.
type blind struct{ jsonFormat }

func (blind) Quote(token string, _ []byte) string { return `"` + token + `", "more": "x"` }

func TestProof(t *testing.T) {
	r := newRig(t, "json")
	r.options.Format = blind{}
	if out, _, err := Seal([]byte(`{"a": "1", "b": "2"}`), r.options); err == nil || !strings.Contains(err.Error(), "read otherwise") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A map that is torn into two of one name has the same values in the same places, and a reader that takes the last
// one misses half of them.
func TestTornMapIsNoticed(t *testing.T) {
	for format, c := range map[string]struct{ whole, torn string }{
		"json": {`{"s": "x", "a": {"b": 1, "c": 2}}`, `{"s": "x", "a": {"b": 1}, "a": {"c": 2}}`},
		"yaml": {"s: x\na:\n  b: 1\n  c: 2\n", "s: x\na:\n  b: 1\na:\n  c: 2\n"},
	} {
		for _, src := range []string{c.whole, c.torn} {
			r := newRig(t, format)
			r.options.Rules = Rules{Only: []string{"^s$"}}
			doc := string(r.backAndForth(src))
			from, to := c.whole[strings.Index(c.whole, "x")+1:], c.torn[strings.Index(c.torn, "x")+1:]
			if src == c.torn {
				from, to = to, from
			}
			from, to = strings.TrimSuffix(from, "}"), strings.TrimSuffix(to, "}")
			if !strings.Contains(doc, from) {
				t.Fatalf("%q does not stand in\n%s", from, doc)
			}
			refused(t, r, strings.Replace(doc, from, to, 1))
		}
	}
}
