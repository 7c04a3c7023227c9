package ops

import (
	"os"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestWhatWasEditedStays: a plaintext that nobody asked to replace stays as it is, and one that is the same is not written.
func TestWhatWasEditedStays(t *testing.T) {
	r := newRig(t)
	for _, plain := range []string{"", "text"} {
		path := r.encrypted(r.engine(), "f", []byte(plain), Seal{Key: r.aesKey()})
		out, old := r.path("f"), time.Now().Add(-time.Hour).Truncate(time.Second)
		r.must(os.Chtimes(out, old, old))
		got, err := r.engine().DecryptFile(t.Context(), path, out, Unseal{Unasked: true}, nil)
		info, _ := os.Stat(out)
		if err != nil || !got.Same || !info.ModTime().Equal(old) {
			t.Errorf("the same: %+v, %v, %v", got, err, info.ModTime())
		}
		for _, edited := range []string{"texT", "longer than it was"} {
			r.write("f", []byte(edited), 0o600)
			_, err := r.engine().DecryptFile(t.Context(), path, out, Unseal{Unasked: true}, nil)
			if err == nil || !strings.Contains(err.Error(), "-force") || string(content(t, out)) != edited {
				t.Errorf("edited to %q: %v, %q", edited, err, content(t, out))
			}
		}
		_, err = r.engine().DecryptFile(t.Context(), path, out, Unseal{}, nil)
		r.must(err)
		if string(content(t, out)) != plain {
			t.Errorf("asked for: %q", content(t, out))
		}
	}
}

func TestWhatIsNoEnvelopeStays(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	from := r.write("f", []byte("text"), 0o600)
	to := r.write("f.enc", []byte("notes"), 0o600)
	encrypt := func(s Seal) error {
		s.Key = key
		return second(r.engine().EncryptFile(t.Context(), from, to, s, nil))
	}
	if err := encrypt(Seal{Unasked: true}); err == nil || string(content(t, to)) != "notes" {
		t.Errorf("notes: %v", err)
	}
	r.must(encrypt(Seal{}))
	r.must(encrypt(Seal{Unasked: true}))
	if err := encrypt(Seal{Unasked: true, Context: envelope.Context{"app": "b"}}); err == nil || !strings.Contains(err.Error(), "context") {
		t.Errorf("another context: %v", err)
	}
	r.opens(to, []byte("text"))
}

// TestKeptModes: an executable stays one, for its owner alone.
func TestKeptModes(t *testing.T) {
	r := newRig(t)
	path := r.encrypted(r.engine(), "f", []byte("text"), Seal{Key: r.aesKey()})
	for mode, want := range map[os.FileMode]os.FileMode{0o755: 0o700, 0o644: 0o600} {
		r.must(os.Chmod(path, mode))
		_, err := r.engine().DecryptFile(t.Context(), path, r.path("out"), Unseal{KeepMode: true}, nil)
		r.must(err)
		if info, err := os.Stat(r.path("out")); err != nil || info.Mode() != want {
			t.Errorf("%v: %v, %v", mode, info.Mode(), err)
		}
		r.must(os.Remove(r.path("out")))
	}
}
