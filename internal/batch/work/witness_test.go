package work

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// claiming is an envelope by someone who has the data key: its header is true to the key and says what change makes of it.
func (r *rig) claiming(name string, plain []byte, change func([]envelope.KMSStanza) []envelope.KMSStanza) {
	r.t.Helper()
	k := keys.New(keys.Options{Ring: r, Now: time.Now})
	key, err := k.DataKey(r.t.Context(), keys.Use{Gateway: "here", Key: r.key, Context: bound}, keys.ScopeFile, name, int64(len(plain)))
	r.must(err)
	defer key.Release()
	var stanzas []*envelope.Stanza
	for _, s := range change(envelope.KMSStanzasOf(key.Stanzas)) {
		stanza, err := s.Stanza()
		r.must(err)
		stanzas = append(stanzas, stanza)
	}
	var sealed bytes.Buffer
	w, err := envelope.Seal(r.t.Context(), &sealed, envelope.Options{Context: bound, DataKey: key.Key, Stanzas: stanzas, Size: int64(len(plain))})
	r.must(err)
	_, err = w.Write(plain)
	r.must(errors.Join(err, w.Close()))
	r.source.Put(name, sealed.Bytes())
}

// torn is a file whose second slot claims a version and holds a wrap that does not open; the first one is true.
func (r *rig) torn(name, version string) {
	r.t.Helper()
	k := keys.New(keys.Options{Ring: r, Now: time.Now})
	file := inMemoryFile{b: bytes.Clone(r.source.Get(name))}
	h, key, err := envelope.Unlock(r.t.Context(), bytes.NewReader(file.b), envelope.OpenOptions{Identities: []envelope.Identity{k.Identity()}})
	r.must(err)
	s := h.KMSStanzas()[0]
	s.KeyVersionID, s.Blob = version, append(bytes.Clone(s.Blob[:len(s.Blob)-1]), s.Blob[len(s.Blob)-1]^1)
	stanza, err := s.Stanza()
	r.must(err)
	_, _ = envelope.Rewrap(&file, key, []*envelope.Stanza{stanza}) // it reads back what was dropped
	r.source.Put(name, file.b)
}

// inMemoryFile takes one write and drops the others.
type inMemoryFile struct {
	b       []byte
	written bool
}

func (f *inMemoryFile) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(f.b).ReadAt(p, off)
}
func (f *inMemoryFile) WriteAt(p []byte, off int64) (int, error) {
	if !f.written {
		copy(f.b[off:], p)
	}
	f.written = true
	return len(p), nil
}
func (f *inMemoryFile) Sync() error { return nil }

func TestVerifyFindsWhatAHeaderClaims(t *testing.T) {
	r := newRig(t)
	old := r.primary()
	later := r.rotate()
	r.claiming("a", []byte("x"), func(s []envelope.KMSStanza) []envelope.KMSStanza {
		s[0].KeyVersionID = old // KMS opens it, with another version
		return s
	})
	for action, target := range map[batch.Action]string{batch.Rewrap: old, batch.Verify: later} {
		w := r.worker(action, func(s *batch.Spec) { s.Sample.All, s.Target.Version = true, target })
		got := r.object(w, "a")
		if got.Outcome != batch.Failed || got.Failure.Class != batch.ClassDamaged || got.Proved || got.KeyVersion != old {
			t.Errorf("%s: %+v %+v", action, got, got.Failure)
		}
	}
}

func TestVerifyOpensTheTargetsWrapAndNoOther(t *testing.T) {
	r := newRig(t)
	mine := r.key
	version := r.primary()
	other := keys.New(keys.Options{Ring: r, Now: time.Now})
	r.claiming("a", []byte("x"), func(s []envelope.KMSStanza) []envelope.KMSStanza {
		bad := s[0]
		bad.KeyARN = bad.KeyARN[:len(bad.KeyARN)-len(mine)] + "key-another"
		bad.KeyVersionID = "v9"
		return append([]envelope.KMSStanza{bad}, s...) // it does not open, and is not the target's
	})
	all := func(s *batch.Spec) { s.Sample.All = true }
	if got := r.object(r.worker(batch.Rewrap, all), "a"); got.Outcome != batch.Already || !got.Proved || got.KeyID != mine || got.KeyVersion != version {
		t.Errorf("beside another's wrap: %+v %+v", got, got.Failure)
	}
	w := r.worker(batch.Rewrap, all, func(s *batch.Spec) { s.Target.KeyID, s.Target.Version = "key-another", "v9" })
	w.Identities = []envelope.Identity{other.Identity()} // as one for break-glass: it opens everything
	if got := r.object(w, "a"); got.Outcome != batch.Failed || got.Proved {
		t.Errorf("a wrap under the target that does not open: %+v", got)
	}
}

func TestAnObjectIsCountedUnderWhatItIsProvedToBe(t *testing.T) {
	r := newRig(t)
	r.put("a", make([]byte, 100<<10))
	old := r.primary()
	target := r.rotate()
	r.torn("a", target)
	if got := r.entry("a").KeyVersion; got != target {
		t.Fatalf("the header claims %s", got)
	}
	if got := r.object(r.worker(batch.Verify), "a"); got.Outcome != batch.Opened || got.KeyVersion != old {
		t.Errorf("verify: %+v %+v", got, got.Failure)
	}
	got := r.object(r.worker(batch.Rewrap, func(s *batch.Spec) { s.Sample.All = true }), "a")
	if got.Outcome != batch.Written || got.KeyVersion != target || !got.Proved {
		t.Errorf("rewrap: %+v %+v", got, got.Failure)
	}
	if got := r.object(r.worker(batch.Verify), "a"); got.Outcome != batch.Opened || got.KeyVersion != target {
		t.Errorf("verify after it: %+v %+v", got, got.Failure)
	}
	r.opens("a", make([]byte, 100<<10))
}

// TestALieOfOneObjectIsItsOwn: what KMS answers for it is not what it would answer for the others.
func TestALieOfOneObjectIsItsOwn(t *testing.T) {
	r := newRig(t)
	r.claiming("a", []byte("x"), func(s []envelope.KMSStanza) []envelope.KMSStanza {
		s[0].KeyARN += "-of-another"
		return s
	})
	r.put("b", []byte("x"))
	r.rotate()
	w := r.worker(batch.Rewrap)
	if got := r.object(w, "a"); got.Outcome != batch.Failed || got.Failure.Class != batch.ClassKey {
		t.Errorf("%+v", got)
	}
	if got := r.object(w, "b"); got.Outcome != batch.Written {
		t.Errorf("the next: %+v", got)
	}
}

func TestAnObjectThatFailedIsCountedUnderWhatItIs(t *testing.T) {
	r := newRig(t)
	r.put("a", []byte("x"))
	old := r.primary()
	r.rotate()
	for _, action := range []batch.Action{batch.Rewrap, batch.Reencrypt} {
		r.source.Before = func(what, _ string) error {
			if what == "replace" {
				return source.ErrRefused
			}
			return nil
		}
		if got := r.object(r.worker(action), "a"); got.Outcome != batch.Failed || got.KeyVersion != old || got.Proved {
			t.Errorf("%s: %+v", action, got)
		}
	}
}
