package ops

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// file is one of a sequence that asks for data keys.
type file struct {
	name    string
	size    int64
	context string
	later   time.Duration // passes before it
}

func files(n int, dir string) (out []file) {
	for i := range n {
		out = append(out, file{name: fmt.Sprint(dir, "/", i)})
	}
	return out
}

// TestScopesLimitADataKey: whichever limit comes first makes a new key, and nothing else does.
func TestScopesLimitADataKey(t *testing.T) {
	small := limits{files: 10, bytes: 1000, age: time.Hour}
	for name, tt := range map[string]struct {
		scope Scope
		files []file
		want  int
	}{
		"file: each its own":                      {ScopeFile, files(25, "a"), 25},
		"unsaid: each its own":                    {"", files(25, "a"), 25},
		"run: files":                              {ScopeRun, files(25, "a"), 3},
		"run: exactly the limit":                  {ScopeRun, files(20, "a"), 2},
		"run: over directories":                   {ScopeRun, append(files(4, "a"), files(4, "b")...), 1},
		"directory":                               {ScopeDirectory, append(files(4, "a"), files(4, "b")...), 2},
		"directory: files":                        {ScopeDirectory, append(files(11, "a"), files(4, "b")...), 3},
		"bytes":                                   {ScopeRun, []file{{size: 600}, {size: 400}, {size: 1}}, 2},
		"one too large for any":                   {ScopeRun, []file{{size: 5000}, {size: 1}}, 2},
		"a size that would overflow":              {ScopeRun, []file{{size: 1}, {size: math.MaxInt64}, {size: 1}}, 3},
		"unknown sizes count when they are known": {ScopeRun, []file{{size: -1}, {size: 1}}, 2},
		"age":             {ScopeRun, []file{{}, {later: time.Hour}, {later: time.Second}}, 2},
		"another context": {ScopeRun, []file{{}, {context: "x"}, {}, {context: "x"}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			now, made := time.Unix(0, 0), 0
			s := newScopes(func() time.Time { return now })
			s.limits = small
			for _, f := range tt.files {
				now = now.Add(f.later)
				id, err := Seal{Key: "k", Context: envelope.Context{"c": f.context}}.identity()
				if err != nil {
					t.Fatal(err)
				}
				key, err := s.get(t.Context(), tt.scope, id, f.name, f.size, func(context.Context) (*dataKey, error) { made++; return &dataKey{}, nil })
				if err != nil {
					t.Fatal(err)
				}
				if f.size < 0 {
					key.served(2000)
				}
			}
			if made != tt.want {
				t.Errorf("%d data keys for %d files, want %d", made, len(tt.files), tt.want)
			}
		})
	}
}

// TestScopeIdentity: only files that would get equal headers share a key.
func TestScopeIdentity(t *testing.T) {
	base := Seal{Gateway: "g", Key: "k", Context: envelope.Context{"a": "b"}}
	id := func(s Seal) string { text, _ := s.identity(); return text }
	for name, change := range map[string]func(*Seal){
		"gateway": func(s *Seal) { s.Gateway = "h" }, "key": func(s *Seal) { s.Key = "l" }, "suite": func(s *Seal) { s.Suite = envelope.SM4 },
		"context": func(s *Seal) { s.Context = envelope.Context{"a": "c"} }, "recipients": func(s *Seal) { s.Recipients = []string{"age1"} },
	} {
		s := base
		if change(&s); id(s) == id(base) {
			t.Errorf("another %s shares the key", name)
		}
	}
	if id(Seal{}) != id(Seal{Context: envelope.Context{}}) {
		t.Error("no context and the empty one are two")
	}
}

// TestAFailedKeyIsAskedForAgain by the next file.
func TestAFailedKeyIsAskedForAgain(t *testing.T) {
	s := newScopes(time.Now)
	fail := errors.New("no")
	fresh := func(context.Context) (*dataKey, error) { return &dataKey{}, fail }
	if _, err := s.get(t.Context(), ScopeRun, "", "a", 1, fresh); err != fail {
		t.Fatal(err)
	}
	fail = nil
	if _, err := s.get(t.Context(), ScopeRun, "", "a", 1, fresh); err != nil {
		t.Fatal(err)
	}
}

// TestScopeCalls: N files at once under one scope cost ⌈N/limit⌉ calls to encrypt and as many to decrypt, also
// with break-glass recipients, and each file has its own body keys.
func TestScopeCalls(t *testing.T) {
	r := newRig(t)
	const n, limit = 45, 20
	id := ageIdentity(t)
	e := r.engine()
	e.scopes.limits.files = limit
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
	opener := r.engine()
	if errs := Each(t.Context(), names, func(ctx context.Context, name string) error {
		return second(opener.DecryptFile(ctx, r.path(name+".enc"), r.path(name+".out"), Unseal{}, nil))
	}); errs != nil {
		t.Fatal(errs)
	}
	if made, opened := r.calls("AdvanceGenerateDataKey"), r.calls("AdvanceDecrypt"); made != 3 || opened != 3 || e.Calls() != 3 || opener.Calls() != 3 {
		t.Errorf("%d calls to encrypt (said %d), %d to decrypt (said %d), want 3 each", made, e.Calls(), opened, opener.Calls())
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
	if n := r.calls("AdvanceDecrypt"); n != 1 || e.Calls() != 1 {
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
	if zeros(s.keys[0]) || !zeros(s.live[0]) {
		t.Error("one file's data key outlives it")
	}
	path := r.encrypted(e, "b", []byte("x"), Seal{Key: key, Scope: ScopeRun})
	r.must(second(e.Verify(t.Context(), path, Unseal{}, nil)))
	if len(s.live) != 3 || zeros(s.live[1]) || zeros(s.live[2]) {
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
