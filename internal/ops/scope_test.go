package ops

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestScopeCalls: N files at once under one scope cost ⌈N/limit⌉ data keys, one call each to make and one to prove
// it, and ⌈N/limit⌉ calls to decrypt, also with break-glass recipients; each file has its own body keys.
func TestScopeCalls(t *testing.T) {
	r := newRig(t)
	const n, limit = 45, 20
	id := ageIdentity(t)
	e := r.engine(func(o *Options) { o.FilesPerKey = limit })
	seal := Seal{Key: r.aesKey(), Scope: ScopeRun, Context: envelope.Context{"app": "x"}, Recipients: []string{id.Recipient().String()}}
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("f/%d", i))
		r.write(names[i], pattern(1000+i, 5), 0o600)
	}
	if errs := Each(t.Context(), names, func(ctx context.Context, name string) error {
		return second(e.EncryptFile(ctx, r.path(name), r.path(name+".enc"), seal, nil))
	}); errs != nil {
		t.Fatal(errs)
	}
	if made, proved := r.calls("AdvanceGenerateDataKey"), r.calls("AdvanceDecrypt"); made != 3 || proved != 3 || e.Calls() != 6 {
		t.Errorf("%d data keys, %d opened, said %d calls; want 3, 3 and 6", made, proved, e.Calls())
	}
	opener := r.engine()
	if errs := Each(t.Context(), names, func(ctx context.Context, name string) error {
		return second(opener.DecryptFile(ctx, r.path(name+".enc"), r.path(name+".out"), Unseal{}, nil))
	}); errs != nil {
		t.Fatal(errs)
	}
	if opened := r.calls("AdvanceDecrypt") - 3; opened != 3 || opener.Calls() != 3 {
		t.Errorf("%d calls to decrypt, said %d; want 3", opened, opener.Calls())
	}
	commitments := map[[32]byte]bool{}
	for _, name := range names {
		if string(r.read(name)) != string(r.read(name+".out")) {
			t.Errorf("%s is another file now", name)
		}
		h, _, err := Inspect(r.path(name + ".enc"))
		r.must(err)
		if len(h.Stanzas) != 2 {
			t.Errorf("%s has %d recipients", name, len(h.Stanzas))
		}
		commitments[h.Commitment] = true
	}
	if len(commitments) != n {
		t.Errorf("%d bodies have %d commitments", n, len(commitments))
	}
}

// TestEqualUnwrapsAreMadeOnce: however many ask at once, and after.
func TestEqualUnwrapsAreMadeOnce(t *testing.T) {
	r := newRig(t)
	path := r.encrypted(r.engine(), "a", []byte("x"), Seal{Key: r.aesKey()})
	e := r.engine()
	for range 2 {
		if errs := Each(t.Context(), make([]string, 200), func(ctx context.Context, _ string) error {
			return second(e.Verify(ctx, path, Unseal{}, nil))
		}); errs != nil {
			t.Fatal(errs)
		}
	}
	if n := r.calls("AdvanceDecrypt") - 1; n != 1 || e.Calls() != 1 { // the first is the proof
		t.Errorf("%d calls, said %d", n, e.Calls())
	}
}

// TestDataKeysAreOverwritten: after one file's use, and at Close.
func TestDataKeysAreOverwritten(t *testing.T) {
	r := newRig(t)
	s := spied(r)
	e := r.engine(func(o *Options) { o.Keyring = s.ring })
	key := r.aesKey()
	r.encrypted(e, "a", []byte("x"), Seal{Key: key})
	if zeros(s.keys[0]) || len(s.live) != 2 || !zeros(s.live[0]) || !zeros(s.live[1]) {
		t.Error("one file's data key, or its copy from the proof, outlives it")
	}
	path := r.encrypted(e, "b", []byte("x"), Seal{Key: key, Scope: ScopeRun})
	r.must(second(e.Verify(t.Context(), path, Unseal{}, nil)))
	if len(s.live) != 5 || zeros(s.live[2]) || !zeros(s.live[3]) || zeros(s.live[4]) {
		t.Error("kept data keys are gone too early")
	}
	e.Close()
	for i, key := range s.live {
		if !zeros(key) {
			t.Errorf("data key %d outlives the engine", i)
		}
	}
}

func zeros(b []byte) bool { return strings.Trim(string(b), "\x00") == "" }
