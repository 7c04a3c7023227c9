package ops

import (
	"os"
	"testing"
	"time"
)

// TestRunNoteOfPairs: a run that goes on takes for done what it made and nobody touched since.
func TestRunNoteOfPairs(t *testing.T) {
	r := newRig(t)
	key, now := r.aesKey(), time.Now()
	plain := r.path("a")
	sealed := r.encrypted(r.engine(), "a", []byte("text"), Seal{Key: key})
	h, _, err := Inspect(sealed)
	r.must(err)
	open := func() *RunNote {
		n, err := OpenRunNote(r.dir, "encrypt", "", false, now)
		r.must(err)
		return n
	}
	if PlainBefore(plain, now) != nil || PlainBefore(r.path("nothing"), now) != nil {
		t.Error("a file that was just touched may be touched again unseen")
	}
	noted := func(change func()) bool {
		t.Helper()
		n := open()
		n.AddSealed(h.Commitment, sealed, PlainBefore(plain, now.Add(time.Hour)))
		r.must(n.Close(false))
		change()
		n = open()
		got, done := n.Untouched(sealed, plain)
		if done && KeyID(got.KeyARN) != key {
			t.Errorf("%+v", got)
		}
		r.must(n.Close(false))
		return done
	}
	if !noted(func() {}) {
		t.Error("what was done and not touched is not known")
	}
	for name, change := range map[string]func(){
		"the plaintext was written": func() { r.write("a", []byte("TEXT"), 0o600) },
		"the envelope was rewrapped": func() {
			r.rotate(key)
			_, _, err := r.engine().Rewrap(t.Context(), sealed, Target{Key: key})
			r.must(err)
		},
		"the envelope was copied": func() { b := r.read("a.enc"); r.must(os.Remove(sealed)); r.write("a.enc", b, 0o600) },
		"the plaintext is gone":   func() { r.must(os.Remove(plain)) },
	} {
		r.write("a", []byte("text"), 0o600)
		if noted(change) {
			t.Errorf("%s, and it is taken for done", name)
		}
	}
	n := open()
	r.write("a", []byte("text"), 0o600)
	n.AddPlain(h.Commitment, SealedBefore(sealed), plain)
	r.must(n.Close(false))
	n = open()
	if _, done := n.Untouched(sealed, plain); !done {
		t.Error("a plaintext that was made is not known")
	}
	r.must(n.Close(true))
	if _, err := os.Stat(r.path(".kmsplan")); err == nil {
		t.Error("the directory of the note stays")
	}
}
