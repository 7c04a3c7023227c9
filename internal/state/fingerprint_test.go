package state_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

func TestAFingerprintMatchesItsValueOnly(t *testing.T) {
	for _, value := range []string{"", "hunter2", strings.Repeat("x", 30720)} {
		f := state.NewFingerprint([]byte(value))
		if !f.Matches([]byte(value)) {
			t.Errorf("the fingerprint of %.10q does not match it", value)
		}
		if f.Matches([]byte(value + "x")) {
			t.Errorf("the fingerprint of %.10q matches another value", value)
		}
	}
}

func TestFingerprintsOfOneValueDiffer(t *testing.T) {
	a, b := state.NewFingerprint([]byte("v")), state.NewFingerprint([]byte("v"))
	if a.Salt == b.Salt || a.Digest == b.Digest || state.VersionID(a) == state.VersionID(b) {
		t.Errorf("%v and %v share salt, digest or version id", a, b)
	}
}

func TestAFingerprintIsSlowToGuess(t *testing.T) {
	f := state.NewFingerprint([]byte("v"))
	if f.Params != "argon2id,t=1,m=19456,p=1" {
		t.Errorf("params %q", f.Params)
	}
	if salt, err := base64.StdEncoding.DecodeString(f.Salt); err != nil || len(salt) != 16 {
		t.Errorf("salt %q", f.Salt)
	}
}

func TestAFingerprintThatCannotBeCheckedMatchesNothing(t *testing.T) {
	whole := state.NewFingerprint([]byte("v"))
	for name, damage := range map[string]func(f *state.Fingerprint){
		"unknown kind":     func(f *state.Fingerprint) { f.Params = "scrypt,n=1" },
		"no params":        func(f *state.Fingerprint) { f.Params = "" },
		"trailing params":  func(f *state.Fingerprint) { f.Params += ",x=1" },
		"gigabytes":        func(f *state.Fingerprint) { f.Params = "argon2id,t=1,m=4194304,p=1" },
		"hours":            func(f *state.Fingerprint) { f.Params = "argon2id,t=4000000000,m=19456,p=1" },
		"no passes":        func(f *state.Fingerprint) { f.Params = "argon2id,t=0,m=19456,p=1" },
		"hardly memory":    func(f *state.Fingerprint) { f.Params = "argon2id,t=1,m=15,p=2" },
		"many lanes":       func(f *state.Fingerprint) { f.Params = "argon2id,t=1,m=19456,p=9" },
		"no lanes":         func(f *state.Fingerprint) { f.Params = "argon2id,t=1,m=19456,p=0" },
		"salt not base64":  func(f *state.Fingerprint) { f.Salt = "!" },
		"short salt":       func(f *state.Fingerprint) { f.Salt = "AAAA" },
		"digest cut short": func(f *state.Fingerprint) { f.Digest = f.Digest[:8] },
		"zero":             func(f *state.Fingerprint) { *f = state.Fingerprint{} },
	} {
		t.Run(name, func(t *testing.T) {
			f := whole
			damage(&f)
			if ok, err := f.Verify([]byte("v")); ok || !errors.Is(err, state.ErrFingerprint) {
				t.Errorf("Verify gave %v, %v", ok, err)
			}
			if f.Matches([]byte("v")) {
				t.Error("it matches")
			}
		})
	}
}

func TestAVersionIDIsStableAndFitsKMS(t *testing.T) {
	f := state.NewFingerprint([]byte("v"))
	var again state.Fingerprint
	if err := json.Unmarshal(must(json.Marshal(f)), &again); err != nil {
		t.Fatal(err)
	}
	id := state.VersionID(f)
	if id != state.VersionID(again) {
		t.Error("the id changed on its way through state")
	}
	if !regexp.MustCompile(`^kp-[0-9a-f]{32}$`).MatchString(id) {
		t.Errorf("id %q", id)
	}
	known := state.Fingerprint{Salt: "AAAAAAAAAAAAAAAAAAAAAA==", Digest: "BBBB", Params: "argon2id,t=1,m=19456,p=1"}
	if got := state.VersionID(known); got != "kp-cc99c42a520898ccb02c8773518bccdf" {
		t.Errorf("the derivation changed: %s; every secret would get a new version", got)
	}
}

func keyed(t testing.TB, fill byte) *state.Fingerprints {
	t.Helper()
	return state.NewFingerprints(func() ([]byte, error) { return bytes.Repeat([]byte{fill}, state.FingerprintKeySize), nil })
}

func fingerprint(t testing.TB, p *state.Fingerprints, address, value string) state.Fingerprint {
	t.Helper()
	f, err := p.New(address, []byte(value))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestAKeyedFingerprintMatchesItsValueOnly, under its key and at its address, wherever that moved since.
func TestAKeyedFingerprintMatchesItsValueOnly(t *testing.T) {
	p := keyed(t, 1)
	f := fingerprint(t, p, "secret.a", "hunter2")
	var stored state.Fingerprint
	if err := json.Unmarshal(must(json.Marshal(f)), &stored); err != nil || stored != f {
		t.Fatalf("%+v, %v", stored, err)
	}
	moved, longer := f, f
	moved.Address = "secret.b"
	longer.Address, longer.Salt = "secret.ahunter", f.Salt
	for name, tt := range map[string]struct {
		p     *state.Fingerprints
		f     state.Fingerprint
		value string
		want  state.Match
	}{
		"the value":             {p, f, "hunter2", state.Same},
		"another":               {p, f, "hunter3", state.Different},
		"none":                  {p, f, "", state.Different},
		"another address":       {p, moved, "hunter2", state.Different},
		"letters that moved":    {p, longer, "2", state.Different},
		"another key":           {keyed(t, 2), f, "hunter2", state.NotCompared},
		"no key":                {state.NewFingerprints(nil), f, "hunter2", state.NotCompared},
		"no stack":              {nil, f, "hunter2", state.NotCompared},
		"made slowly":           {p, state.NewFingerprint([]byte("v")), "v", state.Same},
		"made slowly, other":    {p, state.NewFingerprint([]byte("v")), "w", state.Different},
		"slowly, without stack": {nil, state.NewFingerprint([]byte("v")), "v", state.Same},
		"unknown scheme":        {p, state.Fingerprint{Salt: f.Salt, Digest: f.Digest, Params: "blake3"}, "hunter2", state.NotCompared},
		"damaged salt":          {p, state.Fingerprint{Salt: "!", Digest: f.Digest, Params: f.Params}, "hunter2", state.NotCompared},
		"damaged digest":        {p, state.Fingerprint{Salt: f.Salt, Digest: "AAAA", Params: f.Params}, "hunter2", state.NotCompared},
		"no fingerprint":        {p, state.Fingerprint{}, "", state.NotCompared},
	} {
		if got := tt.p.Compare(tt.f, []byte(tt.value)); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// TestAValueThatComesBackGetsANewVersion: A, B, A are three versions, and equal values of two addresses have nothing in
// common, for who has the state.
func TestAValueThatComesBackGetsANewVersion(t *testing.T) {
	p, seen := keyed(t, 1), map[string]bool{}
	for _, at := range []string{"secret.a", "secret.a", "secret.b"} {
		f := fingerprint(t, p, at, "A")
		for _, id := range []string{f.Salt, f.Digest, state.VersionID(f)} {
			if seen[id] {
				t.Errorf("%s comes twice", id)
			}
			seen[id] = true
		}
	}
}

// TestTheKeyIsAskedForOnceAndOnlyWhenItIsNeeded: a run makes at most one call for it.
func TestTheKeyIsAskedForOnceAndOnlyWhenItIsNeeded(t *testing.T) {
	f := fingerprint(t, keyed(t, 0), "secret.a", "v")
	asked, fail := 0, error(nil)
	unwrap := func() ([]byte, error) { asked++; return make([]byte, state.FingerprintKeySize), fail }
	p := state.NewFingerprints(unwrap)
	p.Compare(state.NewFingerprint([]byte("v")), []byte("v"))
	if asked != 0 || !p.Outdated(state.NewFingerprint(nil)) || p.Outdated(f) {
		t.Errorf("asked %d times", asked)
	}
	for range 3 {
		if p.Compare(f, []byte("v")) != state.Same || p.Err() != nil {
			t.Error("it does not match")
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}

	asked, fail = 0, errors.New("no right to decrypt")
	p = state.NewFingerprints(unwrap)
	for range 2 {
		if p.Compare(f, []byte("v")) != state.NotCompared || !errors.Is(p.Err(), fail) {
			t.Errorf("without the key: %v", p.Err())
		}
		if _, err := p.New("secret.a", nil); !errors.Is(err, fail) {
			t.Errorf("a fingerprint without the key: %v", err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	short := state.NewFingerprints(func() ([]byte, error) { return make([]byte, 31), nil })
	if _, err := short.New("secret.a", nil); err == nil || !strings.Contains(err.Error(), "32 bytes") {
		t.Errorf("a short key: %v", err)
	}
	if _, err := (*state.Fingerprints)(nil).New("secret.a", nil); err != nil || (*state.Fingerprints)(nil).Err() != nil {
		t.Errorf("a stack without a scheme: %v", err)
	}
}

// TestTheKeyedDigestStays what other releases made of key, salt, address and value.
func TestTheKeyedDigestStays(t *testing.T) {
	f := state.Fingerprint{
		Salt: "AAAAAAAAAAAAAAAAAAAAAA==", Digest: "mzjZA6yKcbRlBZBbWkd3mp1S27jl2qIlQ4Y1dTE2Ers=", Params: "hmac-sha256,k=5325aa869fbb5dba", Address: "secret.a",
	}
	if got := keyed(t, 7).Compare(f, []byte("value")); got != state.Same {
		t.Errorf("%v: %s", got, fingerprint(t, keyed(t, 7), "secret.a", "value").Params)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	f := state.NewFingerprint([]byte("v"))
	for b.Loop() {
		f.Matches([]byte("v"))
	}
}

func BenchmarkKeyedFingerprint(b *testing.B) {
	p := keyed(b, 1)
	f := fingerprint(b, p, "secret.a", "v")
	for b.Loop() {
		p.Compare(f, []byte("v"))
	}
}
