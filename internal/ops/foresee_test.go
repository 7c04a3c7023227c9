package ops

import (
	"bytes"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestForeseeOpenMissesAKey: what names no KMS key opens by an identity alone.
func TestForeseeOpenMissesAKey(t *testing.T) {
	r := newRig(t)
	var b bytes.Buffer
	w, err := envelope.Seal(t.Context(), &b, envelope.Options{Recipients: []envelope.Recipient{envelope.AgeRecipient(ageIdentity(t).Recipient())}})
	r.must(err)
	r.must(w.Close())
	r.write("x.enc", b.Bytes(), 0o600)
	if err := ForeseeOpen(r.path("x.enc"), Foresight{}); err == nil || !strings.Contains(err.Error(), "names no KMS key") {
		t.Error(err)
	}
	r.must(ForeseeOpen(r.path("x.enc"), Foresight{Identities: true}))
}

// TestForeseeDecryptMeasuresThePlaintext: one that is longer or shorter than what is encrypted was edited, and nobody asked to
// write over it.
func TestForeseeDecryptMeasuresThePlaintext(t *testing.T) {
	r := newRig(t)
	r.encrypted(r.engine(), "x", []byte("plain"), Seal{Key: r.aesKey()})
	unasked := Foresight{Unseal: Unseal{Unasked: true}}
	r.must(ForeseeDecrypt(r.path("x.enc"), r.path("x"), unasked))
	r.must(ForeseeDecrypt(r.path("x.enc"), r.path("new"), unasked))
	r.write("x", []byte("edited"), 0o600)
	if err := ForeseeDecrypt(r.path("x.enc"), r.path("x"), unasked); err == nil || !strings.Contains(err.Error(), "it was edited") {
		t.Error(err)
	}
	r.must(ForeseeDecrypt(r.path("x.enc"), r.path("x"), Foresight{}))
}
