package kms

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

// errBlob is for ciphertext that no gateway can have made.
var errBlob = errors.New("the ciphertext is too short or damaged: it must begin with a key version id")

// openAPIBlob returns a blob in its stored form.
func openAPIBlob(blob []byte) []byte {
	if rest, ok := bytes.CutPrefix(blob, advanceGCM); ok && len(rest) >= minBlob {
		return rest
	}
	return blob
}

// advanceBlob returns a stored blob as AdvanceDecrypt takes it.
func advanceBlob(blob []byte) ([]byte, error) {
	if len(blob) > 0 && blob[0] == '$' {
		return blob, nil
	}
	if _, err := blobVersionID(blob); err != nil {
		return nil, err
	}
	return slices.Concat(advanceGCM, blob), nil
}

// blobVersionID reads the key version id that a stored blob begins with.
func blobVersionID(blob []byte) (string, error) {
	if len(blob) < minBlob {
		return "", errBlob
	}
	id := blob[:versionIDLen]
	for _, c := range id {
		if c <= ' ' || c > '~' {
			return "", errBlob
		}
	}
	return string(id), nil
}

// contextAAD is the AAD that an encryption context stands for, nil when empty:
// SHA-256 over k=v pairs sorted by key and joined by &.
func contextAAD(context map[string]string, encoding AADEncoding) []byte {
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

// keyResource strips a key's or alias's ARN to the id or alias that the
// instance gateway takes: acs:kms:<region>:<uid>:key/<id>.
func keyResource(keyID string) string {
	if !strings.HasPrefix(keyID, "acs:kms:") {
		return keyID
	}
	resource := keyID[strings.LastIndexByte(keyID, ':')+1:]
	return strings.TrimPrefix(resource, "key/")
}
