package ops

import (
	"encoding/base64"
	"fmt"

	"kmsplan.dev/kmsplan/internal/kms"
)

// looseParams are what ciphertext of the instance gateway's plain operations needs
// beside its blob; other ciphertexts carry everything themselves.
func looseParams(w kms.Wrapped) map[string]string {
	if w.Algorithm == "" {
		return nil
	}
	p := map[string]string{"alg": w.Algorithm, "iv": base64.RawStdEncoding.EncodeToString(w.IV)}
	if w.PaddingMode != "" {
		p["padding"] = w.PaddingMode
	}
	return p
}

// parseLooseParams reads them back.
func parseLooseParams(p map[string]string, w *kms.Wrapped) error {
	iv, err := base64.RawStdEncoding.DecodeString(p["iv"])
	if err != nil {
		return fmt.Errorf("the envelope's header names an IV that is not base64: restore the file from a backup")
	}
	w.Algorithm, w.PaddingMode = p["alg"], p["padding"]
	if len(iv) > 0 {
		w.IV = iv
	}
	return nil
}
