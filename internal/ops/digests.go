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

	"kmsplan.dev/kmsplan/internal/envelope"
)

// DocumentCommitment names one state of a document, whatever line endings it was checked out with.
func DocumentCommitment(doc []byte) [32]byte {
	return sha256.Sum256(bytes.ReplaceAll(doc, []byte("\r\n"), []byte("\n")))
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
