package transfer

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

// remade lets the shared gateway answer ReEncrypt with another ciphertext.
func (r *rig) remade(change func(raw []byte) []byte) {
	r.callers[kms.GatewayPublic] = answers{r.callers[kms.GatewayPublic], func(operation string, _ map[string]any, answer json.RawMessage) json.RawMessage {
		var out map[string]any
		if operation != "ReEncrypt" || json.Unmarshal(answer, &out) != nil {
			return answer
		}
		raw, _ := base64.StdEncoding.DecodeString(out["CiphertextBlob"].(string))
		out["CiphertextBlob"] = base64.StdEncoding.EncodeToString(change(raw))
		answer, _ = json.Marshal(out)
		return answer
	}}
}

// staysBecause demands that a file cannot be moved, and keeps its bytes.
func (r *rig) staysBecause(say string) {
	r.t.Helper()
	old := []byte("a: " + base64.StdEncoding.EncodeToString(r.sealed("one", nil)) + "\n")
	path := r.write("f.yaml", old)
	items := r.job().File(r.t.Context(), path, Run)
	r.only(items, StatusFailed, 1)
	if !strings.Contains(items[0].Error, say) {
		r.t.Errorf("it says %q", items[0].Error)
	}
	if !bytes.Equal(r.read(path), old) {
		r.t.Error("the old ciphertext went")
	}
}

func TestANewCiphertextThatDoesNotOpenTakesNothingsPlace(t *testing.T) {
	r := newRig(t)
	r.remade(func(raw []byte) []byte { raw[len(raw)-1] ^= 1; return raw })
	r.staysBecause("open the new ciphertext")
}

func TestANewCiphertextOfSomethingElseTakesNothingsPlace(t *testing.T) {
	r := newRig(t)
	params := map[string]any{"KeyId": r.fresh, "Plaintext": base64.StdEncoding.EncodeToString([]byte("two"))}
	other := r.answer("Encrypt", kms.GatewayPublic, params, "CiphertextBlob")
	r.remade(func([]byte) []byte { return other })
	r.staysBecause("holds something else")
}

func TestANewCiphertextUnderAnotherKeyTakesNothingsPlace(t *testing.T) {
	r := newRig(t)
	other := r.sealed("one", nil)
	r.remade(func([]byte) []byte { return other })
	r.staysBecause("which is not of the new key")
}
