package document

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Vectors are what programs of all times must read: -update adds those that are missing and never writes one anew.
var update = flag.Bool("update", false, "add the test vectors that are missing")

// vector is one file of testdata/vectors; docs/envelope-format.md, §15, explains it.
type vector struct {
	Comment    string            `json:"comment"`
	Result     string            `json:"result"` // "ok", or why it is refused
	Format     string            `json:"format"`
	Suite      string            `json:"suite"` // the AEAD's and the digest's name
	Context    map[string]string `json:"context"`
	Only       []string          `json:"only,omitempty"`
	Except     []string          `json:"except,omitempty"`
	DataKey    string            `json:"data_key"`
	AgeID      string            `json:"age_identity,omitempty"`
	ID         string            `json:"id"`
	Generation uint64            `json:"generation"`
	Plaintext  string            `json:"plaintext"` // of a vector that is refused: what was sealed
	Document   string            `json:"document"`
}

const (
	vectorYAML  = "# of the orders service\ndatabase:\n  host: db.local\n  password: s3cret # rotated in May\n  ports: [5432, 5433]\ntls:\n  key: |\n    line one\n    line two\nempty:\n"
	vectorJSONC = "{\n  \"guest\": \"12\", \"admin\": \"3\", // keep\n  \"password\": \"s3cret\",\n  \"list\": [\"one\", \"two\"],\n  \"to.ot\": \"x\", \"none\": null\n}\n"
)

// vectorKey is 00 01 02 …
func vectorKey(s envelope.Suite) []byte {
	k := make([]byte, s.KeySize())
	for i := range k {
		k[i] = byte(i)
	}
	return k
}

// maker makes vectors.
type maker struct {
	t   *testing.T
	all map[string]vector
}

// stanza is a wrap that no test opens: the vectors give the data key.
func (m *maker) stanza(version string) *envelope.Stanza {
	s, err := envelope.KMSStanza{
		KeyARN: "acs:kms:cn-hangzhou:1234567890123456:key/key-hzz65f176a0ogplgq0001", KeyVersionID: version,
		Protocol: envelope.ProtocolAdvance, Blob: bytes.Repeat([]byte(version), 6)[:100],
	}.Stanza()
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// ok seals src, and gives the document.
func (m *maker) ok(name, comment, format, src string, change ...func(*Options)) (string, *Header) {
	m.t.Helper()
	f, err := ByName(format)
	if err != nil {
		m.t.Fatal(err)
	}
	o := Options{Format: f, Context: envelope.Context{"app": "orders", "note": "ü & 100%"}}
	for _, c := range change {
		c(&o)
	}
	o.DataKey = vectorKey(o.Suite)
	if o.Stanzas == nil {
		o.Stanzas = []*envelope.Stanza{m.stanza("version-0001-of-the-key")}
	}
	doc, h, err := Seal([]byte(src), o)
	if err != nil {
		m.t.Fatalf("%s: %v", name, err)
	}
	m.add(name, comment, "ok", src, string(doc), h)
	return string(doc), h
}

func (m *maker) add(name, comment, result, src, doc string, h *Header) {
	m.t.Helper()
	if _, twice := m.all[name]; twice {
		m.t.Fatalf("%s: two vectors", name)
	}
	m.all[name] = vector{Comment: comment, Result: result, Format: h.Format, Suite: strings.Join(h.Suite.Algorithms(), " "), Context: h.Context,
		Only: h.Rules.Only, Except: h.Rules.Except, DataKey: hex.EncodeToString(vectorKey(h.Suite)), ID: hex.EncodeToString(h.ID[:]),
		Generation: h.Generation, Plaintext: src, Document: doc}
}

// bad is a document that somebody without its key changed, every from to its to.
func (m *maker) bad(name, result, src, doc string, h *Header, fromTo ...string) {
	m.t.Helper()
	for i := 0; i < len(fromTo); i += 2 {
		if !strings.Contains(doc, fromTo[i]) {
			m.t.Fatalf("%s: %q does not stand in\n%s", name, fromTo[i], doc)
		}
		doc = strings.Replace(doc, fromTo[i], fromTo[i+1], 1)
	}
	m.add("bad-"+name, strings.ReplaceAll(name, "-", " "), result, src, doc, h)
}

func rules(only, except string) func(*Options) {
	return func(o *Options) {
		if only != "" {
			o.Rules.Only = strings.Split(only, " ")
		}
		if except != "" {
			o.Rules.Except = strings.Split(except, " ")
		}
	}
}

// makeVectors builds every vector from fixed keys and fixed randomness.
func makeVectors(t *testing.T) map[string]vector {
	cryptotest.SetGlobalRandom(t, 1)
	m := &maker{t: t, all: map[string]vector{}}
	m.good()
	m.updated()
	m.tampered()
	m.tamperedYAML()
	m.tamperedHeader()
	m.lineByLine()
	m.tables()
	m.blocks()
	m.linesLater()
	return m.all
}

func (m *maker) good() {
	sm := func(o *Options) { o.Suite = envelope.SM4 }
	m.ok("yaml", "every value", "yaml", vectorYAML)
	m.ok("yaml-sm", "SM4-GCM and SM3", "yaml", vectorYAML, sm)
	m.ok("yaml-no-context", "an empty context", "yaml", "a: 1\n", func(o *Options) { o.Context = nil })
	m.ok("yaml-rules", "what -only finds and -except does not", "yaml", vectorYAML, rules("^database$ ^tls$", "^host$"))
	m.ok("yaml-crlf-bom", "CR LF, a byte order mark, a block", "yaml", "\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\nc: 'it''s'\r\n")
	m.ok("yaml-open-end", "the last line does not end, nor does the header's", "yaml", "a: 1\nb: 2")
	m.ok("yaml-documents", "three documents, directives, one that is empty", "yaml", "%TAG !e! tag:example.com,2000:\n---\na: !e!x 1\n---\n...\n%YAML 1.2\n---\n# last\n- b\n- a: 1\n", rules("^a$", ""))
	m.ok("yaml-anchors", "anchors and tags of a name, a value, a map, nothing; aliases, a merge", "yaml",
		"base: &base\n  !t n: &v x\n  l: &l\n  - &e a\nuse:\n  <<: *base\n  v: *v\n  none: &none\nflow: &f {k: [*e, !!str 1], \"q\": {}}\n")
	m.ok("yaml-again", "a name twice, names in quotes", "yaml", "a: 1\n\"a\": 2\n'b': {c: 1, c: 2}\n")
	m.ok("json", "an object in lines", "json", "{\n  \"a\": \"x\\u00e9\\n\",\n  \"b\": [1, true, null, -1.5e3, {}],\n  \"\": {\"c\": []}\n}\n")
	m.ok("json-line", "an object in one line, no end of line", "json", `{"a":1,"a":"2"}`)
	m.ok("json-list", "a list at the top", "json", "[1,\r\n \"x\"]\r\n")
	m.ok("json-sm", "SM4-GCM and SM3", "json", `{"a": "x"}`, sm)
	m.ok("json-rules", "a member named like the header, below the top", "json", `{"a": {"kmsplan": "x"}, "b": "y"}`, rules("kmsplan", ""))
	m.ok("jsonc", "comments and a trailing comma", "jsonc", "// top\n{ /* a */ \"a\": 1, // \"no\" text\n  \"b\": [\"//\", 2,],\n}\n// end")
	id, err := age.GenerateX25519Identity()
	if err != nil {
		m.t.Fatal(err)
	}
	key := vectorKey(envelope.AES256)
	breakGlass, err := envelope.Wrap(context.Background(), key, envelope.Context{"app": "orders", "note": "ü & 100%"}, envelope.AgeRecipient(id.Recipient()))
	if err != nil {
		m.t.Fatal(err)
	}
	m.ok("yaml-age", "a break-glass recipient beside two KMS keys' wraps", "yaml", vectorYAML, func(o *Options) {
		other, err := envelope.KMSStanza{KeyARN: "acs:kms:cn-beijing:1234567890123456:key/key-bjj1", KeyVersionID: "-", Protocol: envelope.ProtocolOpenAPI, Blob: []byte("blob")}.Stanza()
		if err != nil {
			m.t.Fatal(err)
		}
		o.Stanzas = append([]*envelope.Stanza{m.stanza("version-0001-of-the-key"), other}, breakGlass...)
	})
	v := m.all["yaml-age"]
	v.AgeID = id.String()
	m.all["yaml-age"] = v
}

// updated are later generations.
func (m *maker) updated() {
	doc, _ := m.ok("yaml-first", "the generation before yaml-updated", "yaml", vectorYAML)
	d, err := Open(context.Background(), []byte(doc), envelope.OpenOptions{DataKey: vectorKey(envelope.AES256)})
	if err != nil {
		m.t.Fatal(err)
	}
	src := strings.NewReplacer("5432, ", "5431, 5432, ", "s3cret", "changed").Replace(vectorYAML)
	now, h, err := d.Update([]byte(src))
	if err != nil {
		m.t.Fatal(err)
	}
	m.add("yaml-updated", "two values changed: the others keep their tokens, also behind a new one in their list", "ok", src, string(now), h)
	now, h, err = d.Rewrap([]*envelope.Stanza{m.stanza("version-0002-of-the-key")})
	if err != nil {
		m.t.Fatal(err)
	}
	m.add("yaml-rewrapped", "another wrap: no value changed", "ok", vectorYAML, string(now), h)
	old, then := lineOf(doc, "password"), lineOf(string(now), "-> gen")
	m.bad("header-of-another-generation", "changed", vectorYAML, string(now), h, then, "# -> gen 1")
	later, h, err := d.Update([]byte(src))
	if err != nil {
		m.t.Fatal(err)
	}
	m.bad("old-value-put-back", "changed", src, string(later), h, lineOf(string(later), "password"), old)
}

// next is the document's next generation.
func (m *maker) next(doc, src string) (string, *Header) {
	m.t.Helper()
	d, err := Open(context.Background(), []byte(doc), envelope.OpenOptions{DataKey: vectorKey(envelope.AES256)})
	if err != nil {
		m.t.Fatal(err)
	}
	now, h, err := d.Update([]byte(src))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(now), h
}

// lineOf is the line that holds a text.
func lineOf(doc, text string) string {
	for line := range strings.Lines(doc) {
		if strings.Contains(line, text) {
			return strings.TrimSuffix(line, "\n")
		}
	}
	return "there is no " + text
}

// tampered are the changes that envelope-anchors lists of its peers, and siblings.
func (m *maker) tampered() {
	doc, h := m.ok("jsonc-rules", "the document of most tampered ones", "jsonc", vectorJSONC, rules("password list", ""))
	other, _ := m.ok("jsonc-other", "another file with the same data key", "jsonc", vectorJSONC, rules("password list", ""))
	v := sealedIn(m.t, jsoncFormat{}, doc)
	for _, c := range [][3]string{
		{"rename-a-readable-name", `"guest"`, `"root"`},
		{"rename-a-sealed-value", `"password"`, `"passwort"`},
		{"swap-two-readable-names", `"guest": "12", "admin": "3"`, `"admin": "12", "guest": "3"`},
		{"move-a-character-between-values", `"12", "admin": "3"`, `"1", "admin": "23"`},
		{"change-a-readable-value", `"3"`, `"4"`},
		{"change-the-type-of-a-readable-value", `"12"`, `12`},
		{"change-the-type-of-a-sealed-value", `v1:text:`, `v1:plain:`},
		{"add-an-empty-text", `"guest"`, `"x": "", "guest"`},
		{"add-null", `"guest"`, `"x": null, "guest"`},
		{"add-an-empty-list", `"guest"`, `"x": [], "guest"`},
		{"exchange-null", `null`, `0`},
		{"delete-a-readable-value", `, "admin": "3"`, ``},
		{"delete-a-sealed-value", `~A, `, ``},
		{"duplicate-a-sealed-value", `~A, `, `~A, ~A, `},
		{"swap-two-sealed-values-of-a-list", `~A, ~B`, `~B, ~A`},
		{"move-a-sealed-value", `~P`, `~A`},
		{"copy-a-sealed-value", `"12"`, `~P`},
		{"exchange-a-sealed-value-for-a-readable-one", `~P`, `"mine"`},
		{"cut-a-sealed-value", `~P`, `"kmsplan:v1:text:AAAA"`},
		{"add-a-comment", `"guest"`, `/* safe */ "guest"`},
		{"change-a-comment", `// keep`, `// drop`},
		{"delete-a-comment", `// keep`, ``},
		{"move-a-comment", `"password"`, "// keep\n  \"password\""},
		{"nest-a-name-with-a-dot", `"to.ot": "x"`, `"to": {"ot": "x"}`},
		{"tear-a-map", `"to.ot"`, `"list": ["two"], "to.ot"`},
	} {
		m.bad(c[0], "changed", vectorJSONC, doc, h, v.Replace(c[1]), v.Replace(c[2]))
	}
	m.bad("a-value-of-another-file", "changed", vectorJSONC, doc, h, v.Replace("~P"), sealedIn(m.t, jsoncFormat{}, other).Replace("~P"))
	m.add("bad-header-of-another-file", "the header of another file", "changed", vectorJSONC, doc[:strings.Index(doc, "// "+magic)]+other[strings.Index(other, "// "+magic):], h)
}

func (m *maker) tamperedYAML() {
	src := "# top\nsealed: x\nmap: &m\n  a: 1\n  b: &n two\nnone: &o\nnext: 'q'\n--- \nuse: yes\n"
	doc, h := m.ok("yaml-readable", "the document of those tampered with YAML", "yaml", src, rules("^sealed$", ""))
	for _, c := range [][3]string{
		{"yaml-anchor-of-the-map-to-its-first-name", "map: &m\n  a: 1", "map:\n  &m a: 1"},
		{"yaml-anchor-of-nothing-to-the-next-name", "none: &o\nnext", "none:\n&o next"},
		{"yaml-anchor-renamed", "&n", "&z"},
		{"yaml-tag-added", "a: 1", "a: !!str 1"},
		{"yaml-quotes-taken", "'q'", "q"},
		{"yaml-name-quoted", "next:", "'next':"},
		{"yaml-two-documents-to-one", "--- \n", ""},
		{"yaml-directive-added", "# top", "%YAML 1.1\n---\n# top"},
		{"yaml-alias-for-a-text", "'q'", "*n"},
		{"yaml-torn-map", "  b: &n two", "map:\n  b: &n two"},
	} {
		m.bad(c[0], "changed", src, doc, h, c[1], c[2])
	}
	m.bad("yaml-nel", "malformed", src, doc, h, "a: 1\n", "a: 1\u0085")
	m.add("yaml-reformatted", "white space and the kind of quotes are nobody's", "ok", "# top\nsealed: x\nmap: &m {a: 1, b: &n two}\nnone: &o\nnext:   \"q\"\n--- \nuse: yes\n",
		strings.NewReplacer("map: &m\n  a: 1\n  b: &n two", "map: &m {a: 1, b: &n two}", "next: 'q'", "next:   \"q\"").Replace(doc), h)
}

func (m *maker) tamperedHeader() {
	doc, h := m.ok("json-header", "the document of those with another header", "json", "{\n \"a\": \"x\",\n \"b\": 1\n}\n", rules("^a$", "^c$"))
	for _, c := range [][4]string{
		{"context", "changed", "app=orders", "app=public"},
		{"rules", "changed", "-> only %5Ea%24", "-> only %5Eb%24"},
		{"generation", "changed", "-> gen 1", "-> gen 2"},
		{"id", "changed", lineOf(doc, "-> seal"), strings.Replace(lineOf(doc, "-> seal"), "SHA-512 ", "SHA-512 AAAA", 1)},
		{"mac", "changed", "--- ", "--- A"},
		{"recipient", "changed", "version-0001", "version-0002"},
		{"header-order", "malformed", "-> gen 1", "-> ctx"},
		{"header-number", "malformed", "-> gen 1", "-> gen 01"},
		{"suite", "unsupported", "AEAD_AES_256_GCM", "AEAD_AES_512_GCM"},
		{"recipient-type", "unsupported", "-> alikms", "-> otherkms"},
		{"format", "no document", "document/v1 json", "document/v1 yaml"},
		{"format-unknown", "unsupported", "document/v1 json", "document/v1 cobol"},
		{"version", "unsupported", "document/v1 json", "document/v2 json"},
		{"header-name", "malformed", `"kmsplan"`, `"kmsplan2"`},
		{"header-not-last", "malformed", "]\n}", "],\n \"c\": 1\n}"},
		{"cut-off", "malformed", "]\n}\n", ""},
	} {
		from, to := c[2], c[3]
		if c[0] == "mac" || c[0] == "id" { // the same length, another text
			from = lineOf(doc, map[string]string{"mac": "--- ", "id": "-> seal"}[c[0]])
			at := strings.LastIndexAny(strings.TrimRight(from, `",`), " ") + 1
			to = from[:at] + map[bool]string{true: "B", false: "A"}[from[at] == 'A'] + from[at+1:]
		}
		m.bad(c[0], c[1], "{\n \"a\": \"x\",\n \"b\": 1\n}\n", doc, h, from, to)
	}
	yaml, h := m.ok("yaml-header", "the document of those with two headers, or half of one", "yaml", "a: x\n")
	header := yaml[strings.Index(yaml, "# "+magic):]
	m.add("bad-two-headers", "two headers, as after a merge", "malformed", "a: x\n", yaml+header, h)
	m.add("bad-half-a-header", "the last line is cut off", "malformed", "a: x\n", yaml[:strings.LastIndex(yaml, "# ---")], h)
	m.add("bad-no-header", "the header is cut off", "no document", "a: x\n", yaml[:strings.Index(yaml, "# "+magic)], h)
}

// resultOf is an error in the words of the vectors.
func resultOf(err error) string {
	var refusal *Refusal
	var corrupt *envelope.CorruptError
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrNotDocument):
		return "no document"
	case errors.Is(err, envelope.ErrUnsupported):
		return "unsupported"
	case errors.As(err, &refusal), errors.As(err, &corrupt):
		return "malformed"
	case errors.Is(err, ErrChanged):
		return "changed"
	}
	return err.Error()
}

const vectorDir = "testdata/vectors"

func TestVectors(t *testing.T) {
	all := makeVectors(t)
	files, err := filepath.Glob(filepath.Join(vectorDir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		path := filepath.Join(vectorDir, name+".json")
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if !*update {
			t.Errorf("%s is missing: add it with -update", path)
			continue
		}
		text, err := json.MarshalIndent(all[name], "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	if len(files) < len(all) {
		t.Errorf("%d files for %d vectors", len(files), len(all))
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) { readVector(t, path) })
	}
}

// readVector holds both readers to a vector.
func readVector(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	key, err := hex.DecodeString(v.DataKey)
	if err != nil {
		t.Fatal(err)
	}
	second, secondErr := secondOpen(v.Document, key)
	if (secondErr == nil) != (v.Result == "ok") || secondErr == nil && second != v.Plaintext {
		t.Errorf("the second reader: %q, %v", second, secondErr)
	}
	d, err := Open(t.Context(), []byte(v.Document), envelope.OpenOptions{DataKey: key})
	if got := resultOf(err); got != v.Result {
		t.Fatalf("%s (%v), want %s\n%s", got, err, v.Result, v.Document)
	}
	if err != nil {
		return
	}
	h := d.Header
	if string(d.Plain) != v.Plaintext || h.Format != v.Format || strings.Join(h.Suite.Algorithms(), " ") != v.Suite || !h.Context.Equal(v.Context) ||
		!h.Rules.Equal(Rules{Only: v.Only, Except: v.Except}) || hex.EncodeToString(h.ID[:]) != v.ID || h.Generation != v.Generation {
		t.Errorf("%+v\n%q\nwant %+v", h, d.Plain, v)
	}
	if v.AgeID == "" {
		return
	}
	id, err := age.ParseX25519Identity(v.AgeID)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := Open(t.Context(), []byte(v.Document), envelope.OpenOptions{Identities: []envelope.Identity{envelope.AgeIdentity(id)}}); err != nil || string(d.Plain) != v.Plaintext {
		t.Errorf("by age: %v", err)
	}
}
