package kms

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what a Secret shows wherever it is printed.
const Redacted = "[redacted]"

// Secret holds a credential or a plaintext. It shows itself as [Redacted] under
// every fmt verb, in JSON, in text encodings and in slog. The bytes stand behind
// a function, because fmt prints unexported fields without asking their methods,
// and follows pointers under verbs that do not fit; it cannot look into a
// function. The zero Secret is empty. Secrets compare with Equal, not with ==.
type Secret struct{ bytes func() []byte }

// NewSecret returns a Secret of a copy of s.
func NewSecret(s string) Secret { return SecretBytes([]byte(s)) }

// SecretBytes returns a Secret that owns b; the caller keeps no other use of it.
func SecretBytes(b []byte) Secret {
	if len(b) == 0 {
		return Secret{}
	}
	return Secret{func() []byte { return b }}
}

// Reveal returns the value as a string.
func (s Secret) Reveal() string { return string(s.Bytes()) }

// Bytes returns the value itself, not a copy; nil when empty.
func (s Secret) Bytes() []byte {
	if s.bytes == nil {
		return nil
	}
	return s.bytes()
}

// Len is the length of the value in bytes.
func (s Secret) Len() int { return len(s.Bytes()) }

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.Len() == 0 }

// Equal compares two secrets in time that depends on their lengths only.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare(s.Bytes(), t.Bytes()) == 1
}

// Zero overwrites the value; every copy of the Secret then reads as zero bytes.
func (s Secret) Zero() { clear(s.Bytes()) }

// String returns [Redacted], or "" for an empty Secret.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return Redacted
}

// Format prints [Redacted] under every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalJSON encodes [Redacted]; a Secret never leaves through JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText encodes [Redacted], for every text encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue makes slog print [Redacted].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
