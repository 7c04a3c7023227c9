package crypto_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

// What OpenAPI encrypts is the text it is given, base64 or not; bytes that an
// instance operation sealed come out in base64 unless they are text.
func TestPlaintextIsText(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	for sealed, want := range map[string]string{
		"aGVsbG8=": "aGVsbG8=", "plaintext": "plaintext", "größe\n": "größe\n", "\x00\xff": "AP8=", "a\x00": "YQA=",
	} {
		for name, seal := range sealers() {
			out := enginetest.Must[crypto.DecryptResponse](w, w.Public(), "Decrypt", &crypto.DecryptRequest{
				CiphertextBlob: enginetest.Param(core.Base64Text(seal(w, key, []byte(sealed)))), EncryptionContext: sampleContext(),
			})
			if out.Plaintext != want {
				t.Errorf("%s of %q opens to %q, want %q", name, sealed, out.Plaintext, want)
			}
		}
	}
}

// A data key is sealed as text and exported as bytes.
func TestUnpacked(t *testing.T) {
	for text, want := range map[string]string{"aGVsbG8=": "hello", "plaintext": "plaintext", "": ""} {
		if got := string(crypto.Unpacked([]byte(text))); got != want {
			t.Errorf("%q stands for %q, want %q", text, got, want)
		}
	}
}
