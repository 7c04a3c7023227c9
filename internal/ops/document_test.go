package ops

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
)

const documentSource = "# db\nhost: db.local\npassword: s3cret # why\ntokens:\n  - one\n  - two\n"

// documents seals what a password or a token is.
func documents(key string) Seal {
	return Seal{
		Gateway: "instance", Key: key, Context: envelope.Context{"app": "orders"}, Digest: true,
		Values: &Values{Rules: document.Rules{Only: []string{"password", "tokens"}}},
	}
}

func TestDocumentRoundTrip(t *testing.T) {
	r := newRig(t)
	for _, suite := range []envelope.Suite{envelope.AES256, envelope.SM4} {
		spec := map[envelope.Suite]string{envelope.AES256: "Aliyun_AES_256", envelope.SM4: "Aliyun_SM4"}[suite]
		r.write("app.yaml", []byte(documentSource), 0o640)
		s := documents(r.key(spec))
		s.Suite = suite
		sealed, err := r.engine().EncryptFile(t.Context(), r.path("app.yaml"), r.path("sealed.yaml"), s, nil)
		r.must(err)
		doc := r.read("sealed.yaml")
		if bytes.Contains(doc, []byte("s3cret")) || !bytes.HasPrefix(doc, []byte("# db\nhost: db.local\npassword: kmsplan:v1:")) {
			t.Errorf("%s", doc)
		}
		opened, err := r.engine().DecryptFile(t.Context(), r.path("sealed.yaml"), r.path("opened.yaml"), Unseal{Context: s.Context, Digest: true}, nil)
		r.must(err)
		if string(r.read("opened.yaml")) != documentSource {
			t.Errorf("%s", r.read("opened.yaml"))
		}
		if sealed.Source != opened.Source || sealed.Commitment != opened.Commitment || sealed.Format != "yaml" || KeyID(sealed.KeyARN) != s.Key {
			t.Errorf("sealed %+v, opened %+v", sealed, opened)
		}
		modes(t, r, map[string]os.FileMode{"sealed.yaml": 0o640, "opened.yaml": 0o600})
		if _, err := r.engine().Verify(t.Context(), r.path("sealed.yaml"), Unseal{Context: envelope.Context{}}, nil); !errors.Is(err, envelope.ErrWrongContext) {
			t.Errorf("another context: %v", err)
		}
	}
	r.tree()
}

// A document that is written anew keeps what did not change, and its data key; a rotation changes its header only.
func TestDocumentGoesOn(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	s := documents(key)
	r.write("app.yaml", []byte(documentSource), 0o644)
	e := r.engine()
	_, err := e.EncryptFile(t.Context(), r.path("app.yaml"), r.path("sealed.yaml"), s, nil)
	r.must(err)
	first := r.read("sealed.yaml")

	r.write("app.yaml", []byte(strings.Replace(documentSource, "two", "three", 1)), 0o644)
	_, err = e.EncryptFile(t.Context(), r.path("app.yaml"), r.path("sealed.yaml"), s, nil)
	r.must(err)
	second := r.read("sealed.yaml")
	if n := changedLines(first, second); n != 3 { // the value, the generation, the MAC
		t.Errorf("%d lines changed:\n%s\n%s", n, first, second)
	}
	version := r.rotate(key)
	got, changed, err := r.engine().Rewrap(t.Context(), r.path("sealed.yaml"), Target{Gateway: "instance", Key: key, Version: version})
	r.must(err)
	if !changed || got.KeyVersion != version {
		t.Errorf("%v %+v", changed, got)
	}
	if n := changedLines(second, r.read("sealed.yaml")); n != 3 { // the wrap, the generation, the MAC
		t.Errorf("a rewrap changed %d lines", n)
	}
	again := r.engine()
	if _, changed, err = again.Rewrap(t.Context(), r.path("sealed.yaml"), Target{Gateway: "instance", Key: key, Version: version}); err != nil || changed || again.Calls() != 0 {
		t.Errorf("the second rewrap: %v %v, %d calls", changed, err, again.Calls())
	}
}

func changedLines(a, b []byte) (n int) {
	for line := range bytes.Lines(b) {
		if !bytes.Contains(a, line) {
			n++
		}
	}
	return n
}

func TestDocumentInPlace(t *testing.T) {
	r := newRig(t)
	s := documents(r.aesKey())
	r.write("app.yaml", []byte(documentSource), 0o755)
	if _, err := r.engine().EncryptFile(t.Context(), r.path("app.yaml"), r.path("app.yaml"), s, nil); err == nil {
		t.Error("encrypted over itself unasked")
	}
	s.InPlace = true
	_, err := r.engine().EncryptFile(t.Context(), r.path("app.yaml"), r.path("app.yaml"), s, nil)
	r.must(err)
	modes(t, r, map[string]os.FileMode{"app.yaml": 0o755})
	_, err = r.engine().DecryptFile(t.Context(), r.path("app.yaml"), r.path("app.yaml"), Unseal{InPlace: true}, nil)
	r.must(err)
	if string(r.read("app.yaml")) != documentSource {
		t.Errorf("%s", r.read("app.yaml"))
	}
	modes(t, r, map[string]os.FileMode{"app.yaml": 0o600}) // a plaintext is private
}

// Thirty files under one scope cost what one costs.
func TestDocumentsShareADataKey(t *testing.T) {
	r := newRig(t)
	s := documents(r.aesKey())
	s.Scope = ScopeRun
	e := r.engine()
	for i := range 30 {
		name := "app" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ".yaml"
		r.write(name, []byte(documentSource), 0o644)
		_, err := e.EncryptFile(t.Context(), r.path(name), r.path("out/"+name), s, nil)
		r.must(err)
	}
	if e.Calls() != 2 {
		t.Errorf("%d calls, want one for the data key and one to prove it", e.Calls())
	}
}

func TestDocumentIsNotEncryptedTwice(t *testing.T) {
	r := newRig(t)
	s := documents(r.aesKey())
	r.write("app.yaml", []byte(documentSource), 0o644)
	_, err := r.engine().EncryptFile(t.Context(), r.path("app.yaml"), r.path("sealed.yaml"), s, nil)
	r.must(err)
	whole := s
	whole.Values = nil
	for name, again := range map[string]Seal{"by values": s, "whole": whole} {
		if _, err := r.engine().EncryptFile(t.Context(), r.path("sealed.yaml"), r.path("twice"), again, nil); !errors.Is(err, ErrEncrypted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(r.path("twice")); err == nil {
		t.Error("a file was left")
	}
}
