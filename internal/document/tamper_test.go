package document

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// attack is a change to a document that somebody without its key can make.
type attack struct {
	name     string
	from, to string // texts of the document; ~P, ~A and ~B stand for its three sealed values, as they stand in it
}

// tamperedAnywhere are attacks that every format can express.
var tamperedAnywhere = []attack{
	{"type/of a sealed value", `kmsplan:v1:text:`, `kmsplan:v1:plain:`},
	{"swap/values of two names", "~P", "~A"},
	{"swap/of two sealed values", "~A", "~B"},
	{"cut/a sealed value", "~P", "kmsplan:v1:text:AAAA"},
	{"cut/what makes it one", "kmsplan:v1:", "kmsplan:v2:"},
	{"context/another", "app=orders", "app=public"},
	{"rules/others", "-> only ", "-> except "},
	{"generation/another", "-> gen 1", "-> gen 2"},
	{"header/another format", "document/v1 ", "document/v1 x"},
}

// TestTamper: what envelope-anchors lists of SOPS, and siblings, in every format that can express it.
func TestTamper(t *testing.T) {
	tried := map[string]bool{}
	for _, c := range tamperCases {
		tried[c.format] = true
		r := newRig(t, c.format)
		r.options.Rules = Rules{Only: []string{"(?i)^password$", "(?i)^list"}}
		doc := string(r.backAndForth(c.source))
		sealed := sealedIn(t, r.options.Format, doc)
		for _, a := range append(c.attacks, tamperedAnywhere...) {
			t.Run(c.format+"/"+a.name, func(t *testing.T) {
				from, to := sealed.Replace(a.from), sealed.Replace(a.to)
				if from == to || !strings.Contains(doc, from) {
					t.Fatalf("%q does not stand in\n%s", from, doc)
				}
				refused(t, r, strings.Replace(doc, from, to, 1))
			})
		}
	}
	for _, name := range Names() {
		if !tried[name] && name != "json" { // jsonc is the same, with comments
			t.Errorf("%s has no attacks", name)
		}
	}
}

// sealedIn names the sealed values of a document.
func sealedIn(t *testing.T, f Format, doc string) *strings.Replacer {
	t.Helper()
	items, err := f.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, i := range items {
		if Token(i.Text) {
			found = append(found, doc[i.Start:i.End])
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
