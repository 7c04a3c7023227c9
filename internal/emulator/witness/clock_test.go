package witness

import (
	"testing"
	"time"
)

const day = 24 * time.Hour

// TestClockThroughAForeignClient lets eight intervals of 90 days pass: eight
// rotations, old ciphertext still opens, and a scheduled key dies at its second.
func TestClockThroughAForeignClient(t *testing.T) {
	w := newWorld(t, "go-kms-v3-ACS3")
	c := newV3(t, w.ready, nil)
	id := w.key(c, params{"EnableAutomaticRotation": true, "RotationInterval": "90d"})
	sealed := map[string]string{}
	for range 9 {
		s := w.must(c, "Encrypt", params{"KeyId": id, "Plaintext": "b2xk"})
		sealed[s.text("KeyVersionId")] = s.text("CiphertextBlob")
		w.advance(90 * day)
	}
	if len(sealed) != 9 {
		t.Errorf("eight rotations between nine ciphertexts make nine versions, not %d", len(sealed))
	}
	w.equal(w.must(c, "ListKeyVersions", params{"KeyId": id}), "TotalCount", 10)
	for version, blob := range sealed {
		opened := w.must(c, "Decrypt", params{"CiphertextBlob": blob})
		w.equal(opened, "Plaintext", "b2xk")
		w.equal(opened, "KeyVersionId", version)
	}
	w.server.Engine().Clock().Freeze()
	w.must(c, "ScheduleKeyDeletion", params{"KeyId": id, "PendingWindowInDays": 7})
	w.advance(7*day - time.Second)
	w.equal(w.must(c, "DescribeKey", params{"KeyId": id}), "KeyMetadata.KeyState", "PendingDeletion")
	w.advance(time.Second)
	w.refused(c, "404 Forbidden.KeyNotFound", "DescribeKey", params{"KeyId": id})
	for _, blob := range sealed {
		w.refused(c, "404 Forbidden.KeyNotFound", "Decrypt", params{"CiphertextBlob": blob})
	}
}
