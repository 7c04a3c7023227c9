package envelope

import (
	"bytes"
	"errors"
	"testing"

	"filippo.io/age"
)

func ageKeys(t *testing.T) (*age.X25519Identity, *age.HybridIdentity) {
	t.Helper()
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return classic, hybrid
}

// TestBreakGlass opens a KMS-wrapped file with an age identity alone.
func TestBreakGlass(t *testing.T) {
	classic, hybrid := ageKeys(t)
	other, _ := ageKeys(t)
	scrypt, err := age.NewScryptRecipient("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	scrypt.SetWorkFactor(4)
	phrase, err := age.NewScryptIdentity("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	plain := text(100)
	for name, c := range map[string]struct {
		r  age.Recipient
		id age.Identity
	}{"X25519": {classic.Recipient(), classic}, "hybrid": {hybrid.Recipient(), hybrid}, "scrypt": {scrypt, phrase}} {
		for _, suite := range []Suite{AES256, SM4} {
			file := seal(t, Options{Suite: suite, Context: testContext, Recipients: []Recipient{boxB, AgeRecipient(c.r)}}, plain)
			ids := []Identity{boxA, AgeIdentity(other), AgeIdentity(c.id)}
			if got, err := openAs(t, file, OpenOptions{Identities: ids}); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s, %s: %v", name, suite, err)
			}
			if _, err := openAs(t, file, OpenOptions{Identities: ids[:2]}); !errors.Is(err, ErrIncorrectIdentity) {
				t.Errorf("%s, %s: another identity: %v", name, suite, err)
			}
		}
	}
}

// TestAgeWrapIsBound: an age stanza opens under its own context only.
func TestAgeWrapIsBound(t *testing.T) {
	classic, _ := ageKeys(t)
	s, err := AgeRecipient(classic.Recipient()).Wrap(t.Context(), key(AES256), Context{"env": "prod"})
	if err != nil {
		t.Fatal(err)
	}
	id := AgeIdentity(classic)
	if got, err := id.Unwrap(t.Context(), s, Context{"env": "prod"}); err != nil || !bytes.Equal(got, key(AES256)) {
		t.Error(err)
	}
	if _, err := id.Unwrap(t.Context(), s, Context{"env": "test"}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("another context: %v", err)
	}
}

// TestAgeKindsDoNotMix keeps age's own rule: a post-quantum recipient beside a
// classic one protects nothing. A KMS key beside either is fine.
func TestAgeKindsDoNotMix(t *testing.T) {
	classic, hybrid := ageKeys(t)
	c, h := AgeRecipient(classic.Recipient()), AgeRecipient(hybrid.Recipient())
	for _, mix := range [][]Recipient{{c, h}, {h, boxA, c}} {
		if _, err := Wrap(t.Context(), key(AES256), nil, mix...); err == nil {
			t.Error("mixed recipients accepted")
		}
	}
	for _, fine := range [][]Recipient{{h, boxA, h}, {boxA, c, c}} {
		if _, err := Wrap(t.Context(), key(AES256), nil, fine...); err != nil {
			t.Error(err)
		}
	}
}

// plugin is an age recipient of several stanzas, and its identity, which wants them all at once, as plugins may.
type plugin struct{ shares []*age.X25519Identity }

func (p plugin) Wrap(fileKey []byte) (out []*age.Stanza, err error) {
	for _, id := range p.shares {
		s, err := id.Recipient().Wrap(fileKey)
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return out, nil
}

func (p plugin) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != len(p.shares) {
		return nil, age.ErrIncorrectIdentity
	}
	return p.shares[0].Unwrap(stanzas)
}

// TestARecipientMayGiveSeveralStanzas, which its identity gets together, whatever stands around them.
func TestARecipientMayGiveSeveralStanzas(t *testing.T) {
	a, _ := ageKeys(t)
	b, _ := ageKeys(t)
	c, _ := ageKeys(t)
	p := plugin{[]*age.X25519Identity{a, b}}
	plain := text(100)
	file := seal(t, Options{Context: testContext, Recipients: []Recipient{boxA, AgeRecipient(c.Recipient()), AgeRecipient(p), AgeRecipient(c.Recipient())}}, plain)
	if n := len(mustHeader(t, file).Stanzas); n != 5 {
		t.Fatalf("%d stanzas", n)
	}
	for _, id := range []age.Identity{p, c} {
		if got, err := openAs(t, file, OpenOptions{Identities: []Identity{AgeIdentity(id)}}); err != nil || !bytes.Equal(got, plain) {
			t.Error(err)
		}
	}
	if _, err := Wrap(t.Context(), key(AES256), nil, AgeRecipient(plugin{})); err == nil {
		t.Error("a recipient without stanzas was accepted")
	}
}
