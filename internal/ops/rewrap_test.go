package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// sizes give a compact envelope and a slotted one.
var sizes = map[string]int{"compact": 1000, "slotted": 100000}

// TestRewrap brings a file under the version after a rotation: one new wrap, in place of the old one, other
// recipients and the body as they were, and mode and mtime too.
func TestRewrap(t *testing.T) {
	r := newRig(t)
	for form, size := range sizes {
		for _, gateway := range []string{"instance", "public"} {
			t.Run(form+"-"+gateway, func(t *testing.T) {
				key, plain := r.aesKey(), pattern(size, 1)
				path := r.encrypted(r.engine(), form, plain, Seal{Gateway: gateway, Key: key, Recipients: []string{ageIdentity(t).Recipient().String()}})
				old := time.Now().Add(-time.Hour).Truncate(time.Second)
				r.must(errors.Join(os.Chtimes(path, old, old), os.Chmod(path, 0o640)))
				before, _, err := Inspect(path)
				r.must(err)
				version := r.rotate(key)
				got, changed, err := r.engine().Rewrap(t.Context(), path, Target{Gateway: gateway, Key: key})
				r.must(err)
				if !changed || got.KeyVersion != version || got.Generation != 2 || got.Commitment != before.Commitment || got.Plaintext != int64(size) {
					t.Errorf("changed %v, %+v, want version %s", changed, got, version)
				}
				after, _, err := Inspect(path)
				r.must(err)
				if len(after.Stanzas) != 2 || !after.Stanzas[1].Equal(before.Stanzas[1]) || after.KMSStanzas()[0].KeyVersionID != version {
					t.Errorf("stanzas %+v", after.Stanzas)
				}
				info, err := os.Stat(path)
				r.must(err)
				if info.Mode() != 0o640 || !info.ModTime().Equal(old) {
					t.Errorf("mode %v, mtime %v", info.Mode(), info.ModTime())
				}
				r.opens(path, plain)
				r.tree()
			})
		}
	}
}

// TestRewrapOfACurrentFileWritesNothing: with the version named it calls nothing, without it learns the version
// once; byte for byte the file stays.
func TestRewrapOfACurrentFileWritesNothing(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	r.must(r.public.CreateAlias(t.Context(), "alias/k", key))
	var paths []string
	for i := range 5 {
		paths = append(paths, r.encrypted(r.engine(), fmt.Sprint(i), []byte("x"), Seal{Key: key}))
	}
	before, version := r.read("0.enc"), ""
	for _, tt := range []struct {
		key      string
		named    bool
		opens    int // Decrypt calls for all five
		encrypts int
	}{{key, false, 6, 1}, {"alias/k", false, 6, 1}, {key, true, 0, 0}} {
		opens, encrypts := r.calls("AdvanceDecrypt"), r.calls("AdvanceEncrypt")
		target := Target{Key: tt.key}
		if tt.named {
			target.Version = version
		}
		e := r.engine()
		for _, path := range paths {
			got, changed, err := e.Rewrap(t.Context(), path, target)
			if err != nil || changed {
				t.Fatalf("%+v: changed %v, error %v", target, changed, err)
			}
			version = got.KeyVersion
		}
		if o, n := r.calls("AdvanceDecrypt")-opens, r.calls("AdvanceEncrypt")-encrypts; o != tt.opens || n != tt.encrypts {
			t.Errorf("%+v: %d + %d calls, want %d + %d", target, o, n, tt.opens, tt.encrypts)
		}
	}
	if !bytes.Equal(r.read("0.enc"), before) {
		t.Error("the file changed")
	}
}

// TestRewrapToAnotherKey replaces the only KMS key; where there were several, it adds one.
func TestRewrapToAnotherKey(t *testing.T) {
	r := newRig(t)
	first, next := r.aesKey(), r.aesKey()
	path := r.encrypted(r.engine(), "a", []byte("x"), Seal{Key: first})
	r.must(third(r.engine().Rewrap(t.Context(), path, Target{Key: next})))
	h, _, err := Inspect(path)
	r.must(err)
	if k := h.KMSStanzas(); len(k) != 1 || KeyID(k[0].KeyARN) != next {
		t.Errorf("stanzas %+v", k)
	}
	r.opens(path, []byte("x"))
}

func TestReplaceStanza(t *testing.T) {
	wrap := func(key, blob string) *envelope.Stanza {
		s, err := envelope.KMSStanza{KeyARN: key, KeyVersionID: "v", Protocol: "openapi", Blob: []byte(blob)}.Stanza()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	age := &envelope.Stanza{Type: "age", Args: []string{"x"}, Body: []byte("y")}
	for name, tt := range map[string]struct {
		old  []*envelope.Stanza
		want string
	}{
		"same key":            {[]*envelope.Stanza{age, wrap("a", "1"), wrap("b", "1")}, "age a2 b1"},
		"same key by its ARN": {[]*envelope.Stanza{wrap("b", "1"), wrap("acs:kms:r:1:key/a", "1")}, "b1 a2"},
		"only another":        {[]*envelope.Stanza{age, wrap("b", "1")}, "age a2"},
		"several others":      {[]*envelope.Stanza{age, wrap("b", "1"), wrap("c", "1")}, "a2 age b1 c1"},
		"none":                {[]*envelope.Stanza{age}, "a2 age"},
	} {
		got, err := keys.Replace(tt.old, envelope.KMSStanza{KeyARN: "a", KeyVersionID: "v", Protocol: "openapi", Blob: []byte("2")})
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		for _, s := range got {
			if k, err := envelope.ParseKMSStanza(s); err == nil {
				text = append(text, KeyID(k.KeyARN)+string(k.Blob))
			} else {
				text = append(text, s.Type)
			}
		}
		if strings.Join(text, " ") != tt.want {
			t.Errorf("%s: %v, want %s", name, text, tt.want)
		}
	}
}

// TestRewrapFinishesAnInterruptedOne: both slots are whole; the next rewrap wipes the older, also if nothing else
// is to do.
func TestRewrapFinishesAnInterruptedOne(t *testing.T) {
	r := newRig(t)
	key, plain := r.aesKey(), pattern(100000, 1)
	path := r.encrypted(r.engine(), "a", plain, Seal{Key: key})
	before := r.read("a.enc")
	version := r.rotate(key)
	r.must(third(r.engine().Rewrap(t.Context(), path, Target{Key: key})))
	interrupted := append(before[:4096:4096], r.read("a.enc")[4096:]...) // killed before it wiped slot 0
	for _, named := range []string{"", version} {
		r.write("a.enc", interrupted, 0o600)
		if h, _, err := Inspect(path); err != nil || !h.Interrupted {
			t.Fatalf("not interrupted: %v", err)
		}
		got, changed, err := r.engine().Rewrap(t.Context(), path, Target{Key: key, Version: named})
		r.must(err)
		h, _, err := Inspect(path)
		r.must(err)
		if !changed || h.Interrupted || got.Generation != 3 || strings.Count(string(r.read("a.enc")[:8192]), "-> alikms") != 1 {
			t.Errorf("changed %v, header %+v", changed, h)
		}
		r.opens(path, plain)
	}
}

// TestRewrapRefusesAnotherVersion than the plan expected, and leaves the file alone.
func TestRewrapRefusesAnotherVersion(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	path := r.encrypted(r.engine(), "a", []byte("x"), Seal{Key: key})
	before := r.read("a.enc")
	planned := r.rotate(key)
	r.rotate(key)
	wants(t, third(r.engine().Rewrap(t.Context(), path, Target{Key: key, Version: planned})), "plan again")
	if !bytes.Equal(r.read("a.enc"), before) {
		t.Error("the file changed")
	}
}

// TestSharedDataKeyIsWrappedOnce for all its files: three calls in all.
func TestSharedDataKeyIsWrappedOnce(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	e := r.engine()
	var paths []string
	for i := range 12 {
		paths = append(paths, r.encrypted(e, fmt.Sprint(i), pattern(10+i, 1), Seal{Key: key, Scope: ScopeRun}))
	}
	version := r.rotate(key)
	e = r.engine()
	if errs := Each(t.Context(), paths, func(ctx context.Context, path string) error {
		got, changed, err := e.Rewrap(ctx, path, Target{Key: key})
		if err == nil && (!changed || got.KeyVersion != version) {
			err = fmt.Errorf("changed %v, %+v", changed, got)
		}
		return err
	}); errs != nil {
		t.Fatal(errs)
	}
	const proof = 1 // of the data key, when the files were made
	if e.Calls() != 3 || r.calls("AdvanceEncrypt") != 1 || r.calls("AdvanceDecrypt") != 2+proof {
		t.Errorf("%d calls: %d wraps, %d opened", e.Calls(), r.calls("AdvanceEncrypt"), r.calls("AdvanceDecrypt"))
	}
	for i, path := range paths {
		r.opens(path, pattern(10+i, 1))
	}
}

// liar is a gateway whose new wraps do not open to what was wrapped.
type liar struct{ kms.Cryptographer }

func (l liar) Encrypt(ctx context.Context, key string, plaintext []byte, ec map[string]string) (kms.Wrapped, error) {
	return l.Cryptographer.Encrypt(ctx, key, append([]byte{plaintext[0] ^ 1}, plaintext[1:]...), ec)
}

// TestAWrapIsProvedBeforeTheOldOneGoes: neither a damaged wrap nor one of another key gets into a file.
func TestAWrapIsProvedBeforeTheOldOneGoes(t *testing.T) {
	r := newRig(t)
	for form, size := range sizes {
		key, plain := r.aesKey(), pattern(size, 2)
		path := r.encrypted(r.engine(), form, plain, Seal{Key: key})
		before := r.read(form + ".enc")
		r.rotate(key)
		r.fault("AdvanceEncrypt:corrupt:*")
		wants(t, third(r.engine().Rewrap(t.Context(), path, Target{Key: key})), "does not open the wrap that it made")
		r.server.Faults().Remove()
		lying := r.ring[0]
		lying.Crypt = liar{lying.Crypt}
		e := r.engine(func(o *Options) { o.Keyring = ring{lying} })
		wants(t, third(e.Rewrap(t.Context(), path, Target{Key: key})), "to another data key")
		if !bytes.Equal(r.read(form+".enc"), before) {
			t.Error("the file changed")
		}
	}
}

// TestAnEnvelopeThatChangesWhileItIsCopiedStays as whoever wrote to it left it: a program that is not kmsplan takes no
// lock, and what it wrote is not lost under the copy.
func TestAnEnvelopeThatChangesWhileItIsCopiedStays(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	write := func(path string, at int64) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		r.must(err)
		_, err = f.WriteAt([]byte("x"), at)
		r.must(errors.Join(err, f.Close()))
	}
	for name, change := range map[string]func(path string, size int64){
		"grown":     func(path string, size int64) { write(path, size) },
		"rewritten": func(path string, size int64) { write(path, size-1) },
		"cut":       func(path string, size int64) { r.must(os.Truncate(path, size-1)) },
	} {
		path := r.encrypted(r.engine(), "a", pattern(sizes["compact"], 1), Seal{Key: key})
		old := time.Now().Add(-time.Hour) // so that a write shows however coarse the clock is
		r.must(os.Chtimes(path, old, old))
		r.rotate(key)
		info, err := os.Stat(path)
		r.must(err)
		var left []byte
		e := r.engine(func(o *Options) {
			o.Disk = func(op durable.Op) error {
				if op.Kind == durable.Write && left == nil {
					change(path, info.Size())
					left = r.read("a.enc")
				}
				return nil
			}
		})
		wants(t, third(e.Rewrap(t.Context(), path, Target{Key: key})), "changed while it was read")
		if left == nil || !bytes.Equal(r.read("a.enc"), left) {
			t.Errorf("%s: what was written to it is lost", name)
		}
		r.tree()
		r.must(os.Remove(path))
	}
}

// TestOneRewriterAtATime: who holds the lock keeps rewraps and replacements away; who waited works on the file
// that then has the name.
func TestOneRewriterAtATime(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	seal := Seal{Key: key}
	path := r.encrypted(r.engine(), "a", []byte("x"), seal)
	r.rotate(key)
	held, err := os.Open(path)
	r.must(err)
	r.must(tryLock(held))
	wants(t, third(r.engine().Rewrap(t.Context(), path, Target{Key: key})), "another process is rewriting it")
	before := r.read("a.enc")
	wants(t, second(r.engine().EncryptFile(t.Context(), r.path("a"), path, seal, nil)), "another process is rewriting it")
	if !bytes.Equal(r.read("a.enc"), before) {
		t.Error("the file changed")
	}
	r.tree()

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	patient := r.engine()
	patient.patience = time.Hour
	wants(t, third(patient.Rewrap(ctx, path, Target{Key: key})), "enough")

	done := make(chan error, 1)
	go func() { _, _, err := patient.Rewrap(t.Context(), path, Target{Key: key}); done <- err }()
	fresh := r.encrypted(r.engine(), "b", []byte("new content"), seal)
	r.must(os.Rename(fresh, path)) // whoever holds the old file replaces it
	held.Close()
	r.must(<-done)
	r.opens(path, []byte("new content"))
}

// TestTheNameIsLookedAtAgain: the lock of a file that lost its name meanwhile is worth nothing.
func TestTheNameIsLookedAtAgain(t *testing.T) {
	r := newRig(t)
	p := place{root: r.root(), name: "a"}
	r.write("a", []byte("old"), 0o600)
	f, _, err := openRegular(p, os.O_RDWR)
	r.must(err)
	defer f.Close()
	r.write("b", []byte("new"), 0o600)
	r.must(os.Rename(r.path("b"), r.path("a")))
	if _, err := locked(f, p); !errors.Is(err, errHeld) {
		t.Errorf("error %v", err)
	}
}

// TestRewrapOfAReadOnlyFile: one that its owner may only read is replaced whole.
func TestRewrapOfAReadOnlyFile(t *testing.T) {
	r := newRig(t)
	key, plain := r.aesKey(), pattern(100000, 3)
	path := r.encrypted(r.engine(), "a", plain, Seal{Key: key})
	r.must(os.Chmod(path, 0o400))
	r.rotate(key)
	r.must(third(r.engine().Rewrap(t.Context(), path, Target{Key: key})))
	modes(t, r, map[string]os.FileMode{"a.enc": 0o400})
	r.opens(path, plain)
}
