package crypto

import (
	"encoding/base64"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// OpenAPI's Plaintext is text, by its documentation base64, and what is encrypted
// is that text as it stands. The vendor's own clients rely on it: the transfer
// SDKs hand the text on to the instance gateway unchanged and seal data keys as
// base64 text, so that ciphertext can move between gateways, and Terraform's
// provider encrypts and gets back text that is no base64 at all.

// packed is a decrypted plaintext as OpenAPI shows it: the text that was
// encrypted. Bytes that are no text, which an instance operation sealed, are
// shown in base64.
func packed(plaintext []byte) string {
	if !utf8.Valid(plaintext) {
		return core.Base64Text(plaintext)
	}
	for _, r := range string(plaintext) {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return core.Base64Text(plaintext)
		}
	}
	return string(plaintext)
}

// Unpacked is what a plaintext stands for: the bytes that base64 text encodes,
// or the plaintext itself.
func Unpacked(plaintext []byte) []byte {
	decoded, err := base64.StdEncoding.DecodeString(string(plaintext))
	if err != nil {
		return plaintext
	}
	return decoded
}
