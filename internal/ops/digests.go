package ops

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// wholeDigest is of a content to its last byte, header included, whatever line endings it was checked out with. Up to 0.1 it
// was what a document was recorded as.
func wholeDigest(doc []byte) [32]byte {
	return sha256.Sum256(bytes.ReplaceAll(doc, []byte("\r\n"), []byte("\n")))
}

// documentCommitment is what a document is recorded as: a rewrap keeps it. Of what cannot be read it is wholeDigest.
func documentCommitment(doc []byte) [32]byte {
	if c, err := document.Commitment(doc); err == nil {
		return c
	}
	return wholeDigest(doc)
}

func commitmentText(c [32]byte) string { return base64.StdEncoding.EncodeToString(c[:]) }

// recipientsDigest tells whether the break-glass recipients changed.
func recipientsDigest(list []string) string {
	if len(list) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(list)), "\n")))
	return hex.EncodeToString(sum[:])
}

// contextDigest is the SHA-256 of the canonical context, hex; it says which context a
// file has without repeating it.
func contextDigest(c envelope.Context) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(h, "%d:%s=%d:%s;", len(name), name, len(c[name]), c[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
