package ops

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// kept is how many of a document's sealed values stand in another one.
func kept(old, now []byte) (n int) {
	for _, part := range bytes.Split(old, []byte("kmsplan:v1:"))[1:] {
		token, _, _ := bytes.Cut(part, []byte("\n"))
		token, _, _ = bytes.Cut(token, []byte(" "))
		if bytes.Contains(now, token) {
			n++
		}
	}
	return n
}

// What a document that is there becomes when another is written in its place.
func TestDocumentOntoAnother(t *testing.T) {
	r := newRig(t)
	key, other := r.aesKey(), r.aesKey()
	id, err := age.GenerateX25519Identity()
	r.must(err)
	breakGlass := func(s *Seal) { s.Recipients = []string{id.Recipient().String()} }
	edited := strings.Replace(documentSource, "two", "three", 1)
	for name, c := range map[string]struct {
		first  func(*Seal)         // how the old one is sealed
		there  func(string) string // what becomes of it before the next
		now    func(*Seal)         // how the new one is
		source string              // "" = the same
		kept   int                 // of three sealed values
		anew   string              // what is said
		err    string              // or why it is refused
		fault  string
	}{
		"nothing changed":            {kept: 3},
		"a value changed":            {source: edited, kept: 2},
		"the key was rotated":        {now: func(*Seal) { r.rotate(key) }, source: edited, kept: 2},
		"other rules":                {now: func(s *Seal) { s.Values = &Values{Rules: document.Rules{Only: []string{"host", "tokens"}}} }, kept: 2},
		"no rules":                   {now: func(s *Seal) { s.Values = &Values{} }, kept: 3},
		"one more recipient":         {now: breakGlass, kept: 3},
		"one recipient less":         {first: breakGlass, kept: 0, anew: "for other recipients"},
		"another key":                {now: func(s *Seal) { s.Key = other }, kept: 0, anew: "for other recipients"},
		"another context":            {now: func(s *Seal) { s.Context = envelope.Context{"app": "billing"} }, kept: 0},
		"no document":                {there: func(string) string { return "something: else\n" }, kept: 0},
		"a value was edited away":    {there: func(d string) string { return strings.Replace(d, "  - kmsplan", "  # kmsplan", 1) }, kept: 0, anew: "nothing that the source has not"},
		"a comment was added":        {there: func(d string) string { return "# mine\n" + d }, kept: 0, anew: "nothing that the source has not"},
		"a readable value was added": {there: func(d string) string { return "mine: 1\n" + d }, err: "holds what the source has not (mine)"},
		"a readable value changed":   {there: func(d string) string { return strings.Replace(d, "db.local", "db2.local", 1) }, err: "holds what the source has not (host)"},
		"a sealed value is foreign": {there: func(d string) string {
			return strings.Replace(d, "password: kmsplan:v1:plain:", "password: kmsplan:v1:plain:AAAA", 1)
		}, err: "holds what the source has not (password)"},
		"a sealed value, and source": {source: strings.Replace(documentSource, "s3cret", "new", 1), there: func(d string) string { return "# mine\n" + d }, err: "holds what the source has not (password)"},
		"two headers":                {there: func(d string) string { return d + d[strings.Index(d, "# kmsplan.dev"):] }, err: "is damaged"},
		"half a header":              {there: func(d string) string { return d[:strings.LastIndex(d, "# ---")] }, err: "is damaged"},
		"conflict markers":           {there: func(d string) string { return "<<<<<<< ours\n" + d }, err: "may hold values"},
		"another version":            {there: func(d string) string { return strings.Replace(d, "document/v1", "document/v2", 1) }, err: "newer kmsplan"},
		"its key is gone":            {kept: 0, fault: "reject=Forbidden.KeyNotFound", anew: "cannot be opened any more"},
		"its key does not answer":    {fault: "reject=Throttling", err: "open the document that is there"},
		"the answer is lost":         {fault: "drop-after-commit", err: "open the document that is there"},
	} {
		t.Run(name, func(t *testing.T) {
			r.server.Faults().Remove()
			r.write("app.yaml", []byte(documentSource), 0o600)
			r.write("sealed.yaml", nil, 0o600)
			s := documents(key)
			if c.first != nil {
				c.first(&s)
			}
			r.must(second(r.engine().EncryptFile(t.Context(), r.path("app.yaml"), r.path("sealed.yaml"), s, nil)))
			old := r.read("sealed.yaml")
			there := old
			if c.there != nil {
				if there = []byte(c.there(string(old))); bytes.Equal(there, old) {
					t.Fatal("nothing changed")
				}
				r.write("sealed.yaml", there, 0o600)
			}
			source := documentSource
			if c.source != "" {
				source = c.source
			}
			r.write("app.yaml", []byte(source), 0o600)
			if s = documents(key); c.now != nil {
				c.now(&s)
			}
			if c.fault != "" {
				r.fault("instance/AdvanceDecrypt:" + c.fault + ":1")
				r.fault("public/Decrypt:" + c.fault + ":1") // the other gateway that the key may be reached by
			}
			got, err := r.engine().EncryptFile(t.Context(), r.path("app.yaml"), r.path("sealed.yaml"), s, nil)
			r.server.Faults().Remove()
			if c.err != "" {
				if wants(t, err, c.err); !bytes.Equal(r.read("sealed.yaml"), there) {
					t.Error("it was written over")
				}
				if err != nil && strings.Contains(err.Error(), "s3cret") {
					t.Error("a value is in the error", err)
				}
				return
			}
			r.must(err)
			now := r.read("sealed.yaml")
			if n := kept(old, now); n != c.kept {
				t.Errorf("%d values kept their ciphertext\n%s\n%s", n, old, now)
			}
			if (got.Anew == "") != (c.anew == "") || !strings.Contains(got.Anew, c.anew) {
				t.Errorf("said %q, want %q", got.Anew, c.anew)
			}
			r.opens(r.path("sealed.yaml"), []byte(source))
		})
	}
	r.tree()
}

// Who could open a document that is for somebody else now opens nothing of what is sealed in it from then on.
func TestTheOldDataKeyOpensNothingNew(t *testing.T) {
	r := newRig(t)
	id, err := age.GenerateX25519Identity()
	r.must(err)
	s := documents(r.aesKey())
	s.Recipients = []string{id.Recipient().String()}
	r.write("app.yaml", []byte(documentSource), 0o600)
	r.must(second(r.engine().EncryptFile(t.Context(), r.path("app.yaml"), r.path("sealed.yaml"), s, nil)))
	old, err := document.Open(t.Context(), r.read("sealed.yaml"), envelope.OpenOptions{Identities: []envelope.Identity{envelope.AgeIdentity(id)}})
	r.must(err)
	s.Recipients = nil
	r.must(second(r.engine().EncryptFile(t.Context(), r.path("app.yaml"), r.path("sealed.yaml"), s, nil)))
	if _, err := document.Open(t.Context(), r.read("sealed.yaml"), envelope.OpenOptions{DataKey: old.DataKey}); !errors.Is(err, document.ErrChanged) {
		t.Errorf("%v", err)
	}
}
