package ops

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestAHostileSlotIsPassedOver: a whole file whose idle slot someone filled with a header of the other suite is
// verified, decrypted, streamed and rewrapped, and is free of that slot then. Case P12.
func TestAHostileSlotIsPassedOver(t *testing.T) {
	r := newRig(t)
	key, plain := r.aesKey(), pattern(100000, 3)
	path := r.encrypted(r.engine(), "a", plain, Seal{Key: key, Context: envelope.Context{"app": "x"}})
	file := r.read("a.enc")
	h, _, err := Inspect(path)
	r.must(err)
	const line = "kmsplan.dev/envelope/v1 slotted 4096\n"
	// forge changes the header's text and mends its checksum (docs/envelope-format.md §5).
	forge := func(old, fresh string) []byte {
		text := string(bytes.TrimRight(file[len(line):h.SlotSize], "\x00"))
		text = strings.Replace(text[:len(text)-17], old, fresh, 1)
		sum := sha256.Sum256([]byte(line + text + string(file[h.BodyOffset:h.BodyOffset+56])))
		return []byte(text + base64.RawStdEncoding.EncodeToString(sum[:12]) + "\n")
	}
	for name, slot := range map[string][]byte{
		"SM suite":   forge(envelope.AES256.String(), envelope.SM4.String()),
		"context":    forge("ctx app=x", "ctx app=y"),
		"generation": forge("gen 1", "gen 9"),
	} {
		forged := bytes.Clone(file)
		copy(forged[h.SlotSize:], slot)
		r.write("a.enc", forged, 0o600)
		if got, _, err := Inspect(path); err != nil || !got.Interrupted {
			t.Fatalf("%s: the forged slot is not whole: %v", name, err)
		}
		if got, err := r.engine().Verify(t.Context(), path, Unseal{}, nil); err != nil || got.Suite != envelope.AES256 {
			t.Errorf("%s: verify: %v", name, err)
		}
		if err := second(r.engine().DecryptFile(t.Context(), path, r.path("out"), Unseal{Context: envelope.Context{"app": "x"}}, nil)); err != nil || !bytes.Equal(r.read("out"), plain) {
			t.Errorf("%s: decrypt: %v", name, err)
		}
		r.opens(path, plain)
		if _, changed, err := r.engine().Rewrap(t.Context(), path, Target{Key: key}); err != nil || !changed {
			t.Errorf("%s: rewrap: %v", name, err)
		}
		if got, _, err := Inspect(path); err != nil || got.Interrupted || got.Context["app"] != "x" {
			t.Errorf("%s: after the rewrap: %+v, %v", name, got, err)
		}
		r.opens(path, plain)
	}
}
