package keys

import (
	"encoding/base64"
	"errors"

	"kmsplan.dev/kmsplan/internal/kms"
)

// Parameters of a stanza of protocol instance (docs/envelope-format.md §4.2).
const (
	paramAlgorithm = "algorithm"
	paramIV        = "iv"      // base64 without padding
	paramPadding   = "padding" // where the algorithm has one
)

// looseParams are what ciphertext of the instance gateway's plain operations needs
// beside its blob; other ciphertexts carry everything themselves.
func looseParams(w kms.Wrapped) map[string]string {
	if w.Algorithm == "" {
		return nil
	}
	p := map[string]string{paramAlgorithm: w.Algorithm, paramIV: base64.RawStdEncoding.EncodeToString(w.IV)}
	if w.PaddingMode != "" {
		p[paramPadding] = w.PaddingMode
	}
	return p
}

// parseLooseParams reads them back.
func parseLooseParams(p map[string]string, w *kms.Wrapped) error {
	iv, err := base64.RawStdEncoding.Strict().DecodeString(p[paramIV])
	if err != nil {
		return errors.New("the envelope's header names an IV that is not base64: restore the file from a backup")
	}
	w.Algorithm, w.PaddingMode = p[paramAlgorithm], p[paramPadding]
	if len(iv) > 0 {
		w.IV = iv
	}
	return nil
}
