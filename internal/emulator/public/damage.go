package public

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

// dialect lets fault rules speak like this gateway.
func (h *Handler) dialect(e encoder, gateway engine.Gateway) fault.Dialect {
	return fault.Dialect{
		Refuse: func(status int, code, message string) fault.Answer {
			return e.refusal(&engine.Error{Status: status, Code: code, Message: message})
		},
		Corrupt:   corrupt,
		Version:   otherVersion,
		Malformed: func(a fault.Answer) fault.Answer { a.Body = append([]byte(`{"RequestId":`), a.Body...); return a },
		Extra:     extra,
		Storm:     h.Storm,
		Outage:    func(d time.Duration) { h.Outage(gateway, d) },
	}
}

// ciphertexts are the members of an answer that a corrupt rule may damage.
var ciphertexts = []string{"CiphertextBlob", "ExportedDataKey", "EncryptedKeyMaterial", "Value", "Plaintext"}

// corrupt flips the lowest bit of the last byte of the answer's ciphertext: in
// a sealed blob that is the authentication tag.
func corrupt(a fault.Answer) fault.Answer {
	return edit(a, func(members map[string]json.RawMessage) {
		for _, name := range ciphertexts {
			var text string
			if json.Unmarshal(members[name], &text) != nil {
				continue
			}
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil || len(raw) == 0 {
				continue
			}
			raw[len(raw)-1] ^= 1
			members[name], _ = json.Marshal(base64.StdEncoding.EncodeToString(raw))
			return
		}
	})
}

// otherVersion names a key version that there is not, wherever the answer names
// one.
func otherVersion(a fault.Answer) fault.Answer {
	return edit(a, func(members map[string]json.RawMessage) {
		for _, name := range []string{"KeyVersionId", "SourceKeyVersionId"} {
			if _, found := members[name]; found {
				members[name] = json.RawMessage(`"` + fault.NoSuchVersion + `"`)
			}
		}
	})
}

// extra adds what a newer service might.
func extra(a fault.Answer) fault.Answer {
	return edit(a, func(members map[string]json.RawMessage) {
		members["KmsplanUnknownField"] = json.RawMessage(`{"Nested":[1,"two",null]}`)
	})
}

// edit changes a successful answer's members.
func edit(a fault.Answer, change func(map[string]json.RawMessage)) fault.Answer {
	var members map[string]json.RawMessage
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &members) != nil {
		return a
	}
	change(members)
	if body, err := json.Marshal(members); err == nil {
		a.Body = body
	}
	return a
}
