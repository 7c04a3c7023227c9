package ciphertext

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
)

// The layout of KMS ciphertext (AES-GCM):
//
//	OpenAPI  key version id (36) ‖ IV (12) ‖ ciphertext ‖ tag (16)
//	Advance  '$' ‖ 0x00 ‖ 0x02 ‖ the same bytes
//
// The OpenAPI form is the one that is stored. Advance blobs of other algorithms
// have no OpenAPI form and are kept whole; they still begin with '$'.
const (
	versionIDLen = 36
	ivLen        = 12
	tagLen       = 16
	minBlob      = versionIDLen + ivLen + tagLen
)

var advanceGCM = []byte{'$', 0x00, 0x02}

// errDamaged is for ciphertext that no gateway can have made.
var errDamaged = errors.New("the ciphertext is too short or damaged: it must begin with a key version id")

// OpenAPI returns a blob in its stored form.
func OpenAPI(blob []byte) []byte {
	if rest, ok := bytes.CutPrefix(blob, advanceGCM); ok && len(rest) >= minBlob {
		return rest
	}
	return blob
}

// Advance returns a stored blob as AdvanceDecrypt takes it.
func Advance(blob []byte) ([]byte, error) {
	if len(blob) > 0 && blob[0] == '$' {
		return blob, nil
	}
	if _, err := VersionID(blob); err != nil {
		return nil, err
	}
	return slices.Concat(advanceGCM, blob), nil
}

// VersionID reads the key version id that a stored blob begins with.
func VersionID(blob []byte) (string, error) {
	if len(blob) < minBlob {
		return "", errDamaged
	}
	id := blob[:versionIDLen]
	for _, c := range id {
		if c <= ' ' || c > '~' {
			return "", errDamaged
		}
	}
	return string(id), nil
}

// AADEncoding is how an encryption context becomes the instance gateway's AAD.
type AADEncoding int

const (
	// AADRaw is the 32 bytes of SHA-256 over the sorted k=v pairs joined by &,
	// which the public gateway and the vendor's Go and Java clients use.
	AADRaw AADEncoding = iota
	// AADHex is the same digest as 64 lower-case hex digits, which the vendor's
	// Python and PHP clients use. For reading their data.
	AADHex
)

// AAD is the AAD that an encryption context stands for, nil when empty:
// SHA-256 over k=v pairs sorted by key and joined by &.
func AAD(context map[string]string, encoding AADEncoding) []byte {
	if len(context) == 0 {
		return nil
	}
	pairs := make([]string, 0, len(context))
	for _, key := range slices.Sorted(maps.Keys(context)) {
		pairs = append(pairs, key+"="+context[key])
	}
	sum := sha256.Sum256([]byte(strings.Join(pairs, "&")))
	if encoding == AADHex {
		return []byte(hex.EncodeToString(sum[:]))
	}
	return sum[:]
}
