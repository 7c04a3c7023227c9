package envelope

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	macSize    = 32
	macChars   = 43 // macSize in base64
	checkSize  = 12
	checkChars = 16
	// lastLine is "--- " MAC " " check.
	lastLine = len("--- ") + macChars + 1 + checkChars
)

// headerMAC authenticates a header under a key derived from the data key.
func headerMAC(s Suite, dataKey, signed []byte) ([]byte, error) {
	if len(dataKey) != s.KeySize() {
		return nil, fmt.Errorf("a data key of %d bytes was given, %s takes %d: generate one of that length", len(dataKey), s, s.KeySize())
	}
	key, err := hkdf.Expand(s.digest(), dataKey, "kmsplan header v1", macSize)
	if err != nil {
		return nil, fmt.Errorf("deriving the header key: %w", err)
	}
	defer clear(key)
	h := hmac.New(s.mac(), key)
	h.Write(signed)
	return h.Sum(nil), nil
}

// verify proves the header under the data key. A MAC that fails is the
// header's fault if the body commits to the same key, else the key's.
func (h *Header) verify(dataKey []byte) error {
	mac, err := headerMAC(h.Suite, dataKey, h.signed)
	if err != nil {
		return fmt.Errorf("%w (%v)", ErrWrongKey, err)
	}
	if subtle.ConstantTimeCompare(mac, h.mac) == 1 || safety.Off(safety.HeaderMAC) {
		return nil
	}
	bound, err := bodyContext(h.Suite, h.Context)
	if err != nil {
		return err
	}
	if h.Suite.body().Matches(dataKey, bound, h.prefix) {
		return ErrHeaderMAC
	}
	return ErrWrongKey
}

// checksum tells a slot that was written whole from one that was not, before
// any key is at hand. It protects against accidents only. text is the slot's
// up to its MAC and the space after it.
func checksum(slotSize int, text, prefix []byte) []byte {
	h := sha256.New()
	h.Write([]byte(versionLine(slotSize)))
	h.Write(text)
	h.Write(prefix)
	return h.Sum(nil)[:checkSize]
}

// whole reports whether text, which ends with its last line, fits its check.
func whole(slotSize int, text, prefix []byte) bool {
	body := text[:len(text)-checkChars-1]
	want := b64.EncodeToString(checksum(slotSize, body, prefix))
	return bytes.Equal([]byte(want), text[len(body):len(text)-1])
}
