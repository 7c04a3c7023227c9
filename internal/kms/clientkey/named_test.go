package clientkey

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Case P6, at the instance gateway: its protobuf answers are held against their requests too.
func TestInstanceAnswersAboutAnotherObjectAreRefused(t *testing.T) {
	gcm := base64.StdEncoding.EncodeToString([]byte("$\x00\x02" + kmstest.VersionID + strings.Repeat("x", 40)))
	for _, c := range []struct {
		operation string
		params    map[string]any
		answer    string // protojson
		lies      []string
	}{
		{"AdvanceEncrypt", map[string]any{"KeyId": kmstest.Mine, "Plaintext": "eA=="}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"Encrypt", map[string]any{"KeyId": kmstest.Mine, "Plaintext": "eA=="}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AdvanceDecrypt", map[string]any{"CiphertextBlob": gcm, "KeyId": kmstest.Mine}, `{"keyId":"key-mine","keyVersionId":"` + kmstest.VersionID + `"}`, []string{`key-mine`, `key-1`, kmstest.VersionID, kmstest.Other}},
		{"Decrypt", map[string]any{"CiphertextBlob": gcm, "KeyId": kmstest.Mine}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AdvanceGenerateDataKey", map[string]any{"KeyId": kmstest.MineARN, "NumberOfBytes": 1}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GenerateDataKey", map[string]any{"KeyId": kmstest.Mine, "NumberOfBytes": 1}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GenerateDataKeyPair", map[string]any{"KeyId": kmstest.Mine, "KeyPairSpec": "EC_P256"}, `{"keyId":"key-mine","keyPairSpec":"EC_P256"}`, []string{`key-mine`, `key-1`, `EC_P256`, `RSA_2048`}},
		{"GenerateDataKeyPairWithoutPlaintext", map[string]any{"KeyId": kmstest.Mine, "KeyPairSpec": "EC_P256"}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AdvanceGenerateDataKeyPair", map[string]any{"KeyId": kmstest.Mine, "KeyPairSpec": "EC_P256"}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AdvanceGenerateDataKeyPairWithoutPlaintext", map[string]any{"KeyId": kmstest.Mine, "KeyPairSpec": "EC_P256"}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"Sign", map[string]any{"KeyId": kmstest.Mine, "Algorithm": "a", "Message": "eA=="}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"Verify", map[string]any{"KeyId": kmstest.Mine, "Algorithm": "a", "Message": "eA==", "Signature": "eA=="}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GetPublicKey", map[string]any{"KeyId": kmstest.Mine}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GetSecretValue", map[string]any{"SecretName": "s", "VersionId": "v"}, `{"secretName":"s","versionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"GetSecretValue", map[string]any{"SecretName": "s", "VersionStage": "ACSPrevious"}, `{"secretName":"s","versionStages":["ACSPrevious"]}`, []string{`ACSPrevious`, `ACSCurrent`}},
	} {
		said := c.answer
		g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			_, out := kmstest.ProtoMessages(r.Header.Get(dkms.HeaderAPIName))
			if err := protojson.Unmarshal([]byte(said), out); err != nil {
				t.Error(err)
			}
			kmstest.AnswerProto(w, 200, out)
		})
		k := client(t, g)
		if _, err := k.Raw(context.Background(), c.operation, c.params); err != nil {
			t.Errorf("the truth was refused: %v", err)
		}
		for i := 0; i+1 < len(c.lies); i += 2 {
			said = strings.Replace(c.answer, c.lies[i], c.lies[i+1], 1)
			before := len(g.Seen())
			_, err := k.Raw(context.Background(), c.operation, c.params)
			if !kms.HasCode(err, kms.CodeOtherObject) || len(g.Seen()) != before+1 {
				t.Errorf("%s: %s was believed: %v", c.operation, said, err)
			}
		}
	}
}
