package document

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// rig seals for one identity.
type rig struct {
	t        testing.TB
	identity envelope.Identity
	options  Options
}

func newRig(t testing.TB, format string) *rig {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	f, err := ByName(format)
	if err != nil {
		t.Fatal(err)
	}
	key := bytes.Repeat([]byte{7}, envelope.AES256.KeySize())
	ec := envelope.Context{"app": "orders"}
	stanzas, err := envelope.Wrap(context.Background(), key, ec, envelope.AgeRecipient(id.Recipient()))
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, identity: envelope.AgeIdentity(id), options: Options{Format: f, Context: ec, DataKey: key, Stanzas: stanzas}}
}

func (r *rig) seal(src string) []byte {
	r.t.Helper()
	out, _, err := Seal([]byte(src), r.options)
	if err != nil {
		r.t.Fatalf("seal: %v\n%s", err, src)
	}
	return out
}

func (r *rig) open(doc []byte) (*Document, error) {
	return Open(context.Background(), doc, envelope.OpenOptions{Identities: []envelope.Identity{r.identity}})
}

// backAndForth seals src and demands it back.
func (r *rig) backAndForth(src string) []byte {
	r.t.Helper()
	doc := r.seal(src)
	d, err := r.open(doc)
	if err != nil {
		r.t.Fatalf("open: %v\n%s", err, doc)
	}
	if string(d.Plain) != src {
		r.t.Fatalf("opened:\n%s\nsealed:\n%s", d.Plain, src)
	}
	return doc
}

// readable is what of a document nobody needs a key for: without its sealed values, which may hold any letters, and its
// header.
func readable(doc []byte) string {
	before, _, _ := strings.Cut(string(doc), magic)
	return sealedValue.ReplaceAllString(before, "")
}

var sealedValue = regexp.MustCompile(tokenPrefix + "[a-z]+:[A-Za-z0-9_-]+")
