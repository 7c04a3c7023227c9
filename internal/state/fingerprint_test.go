package state_test

import (
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

func BenchmarkFingerprint(b *testing.B) {
	f := state.NewFingerprint([]byte("v"))
	for b.Loop() {
		f.Matches([]byte("v"))
	}
}
