package ops

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Envelope is what a file command did or found: one line of a report, one entry of
// the census.
type Envelope struct {
	Path       string
	KeyARN     string // or the key id
	KeyVersion string
	Suite      envelope.Suite
	Context    envelope.Context
	Commitment [32]byte
	Generation uint64
	Format     string   // of a document, whose values are sealed one by one; "" = an envelope
	Anew       string   // why no value of a document that was there kept its ciphertext; "" = it did, or none was expected to
	Plaintext  int64    // bytes
	Sealed     int64    // bytes
	Same       bool     // decrypting: the output held the plaintext already, and was not written
	Before     *Before  // of a file that was rewrapped or encrypted anew; nil = it was not
	Source     [32]byte // SHA-256 of the plaintext; zero where it was not asked for
}

// Before is what a file was until its data key was wrapped anew, or all of it encrypted anew. Its plaintext is the same.
type Before struct {
	commitments [][32]byte
	Recipients  *string // digest of the break-glass recipients that it has now; nil = as before
}

// RecordedAs reports whether a commitment of a census is of the file as it was.
func (b *Before) RecordedAs(commitment string) bool {
	return b != nil && recordedAs(b.commitments, commitment)
}

func recordedAs(commitments [][32]byte, text string) bool {
	return slices.ContainsFunc(commitments, func(c [32]byte) bool { return commitmentText(c) == text })
}

// describe fills what a header says.
func describe(path string, h *envelope.Header) Envelope {
	e := Envelope{Path: path, Suite: h.Suite, Context: h.Context, Commitment: h.Commitment, Generation: h.Generation}
	if k := h.KMSStanzas(); len(k) > 0 {
		e.KeyARN, e.KeyVersion = k[0].KeyARN, k[0].KeyVersionID
	}
	return e
}
