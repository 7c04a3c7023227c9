package keys

import (
	"context"
	"errors"
	"fmt"
	"math"
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
				id, err := Use{Key: "k", Context: envelope.Context{"c": f.context}}.identity()
				if err != nil {
					t.Fatal(err)
				}
				key, err := s.get(t.Context(), tt.scope, id, f.name, f.size, func(context.Context) (*DataKey, error) { made++; return &DataKey{}, nil })
				if err != nil {
					t.Fatal(err)
				}
				if f.size < 0 {
					key.Served(2000)
				}
			}
			if made != tt.want {
				t.Errorf("%d data keys for %d files, want %d", made, len(tt.files), tt.want)
			}
		})
	}
}

// TestARepositorySharesADataKey: without a word about it 10,000 files of a run have one data key, and the next has another.
func TestARepositorySharesADataKey(t *testing.T) {
	s, made := newScopes(time.Now), 0
	for range 10_001 {
		if _, err := s.get(t.Context(), ScopeRun, "k", "a", 100, func(context.Context) (*DataKey, error) { made++; return &DataKey{}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if made != 2 {
		t.Errorf("%d data keys for 10,001 files", made)
	}
}

// TestScopeIdentity: only files that would get equal headers share a key.
func TestScopeIdentity(t *testing.T) {
	base := Use{Gateway: "g", Key: "k", Context: envelope.Context{"a": "b"}}
	id := func(s Use) string { text, _ := s.identity(); return text }
	for name, change := range map[string]func(*Use){
		"gateway": func(s *Use) { s.Gateway = "h" }, "key": func(s *Use) { s.Key = "l" }, "suite": func(s *Use) { s.Suite = envelope.SM4 },
		"context": func(s *Use) { s.Context = envelope.Context{"a": "c"} }, "recipients": func(s *Use) { s.Recipients = []string{"age1"} },
	} {
		s := base
		if change(&s); id(s) == id(base) {
			t.Errorf("another %s shares the key", name)
		}
	}
	if id(Use{}) != id(Use{Context: envelope.Context{}}) {
		t.Error("no context and the empty one are two")
	}
}

// TestAFailedKeyIsAskedForAgain by the next file.
func TestAFailedKeyIsAskedForAgain(t *testing.T) {
	s := newScopes(time.Now)
	fail := errors.New("no")
	fresh := func(context.Context) (*DataKey, error) { return &DataKey{}, fail }
	if _, err := s.get(t.Context(), ScopeRun, "", "a", 1, fresh); err != fail {
		t.Fatal(err)
	}
	fail = nil
	if _, err := s.get(t.Context(), ScopeRun, "", "a", 1, fresh); err != nil {
		t.Fatal(err)
	}
}
