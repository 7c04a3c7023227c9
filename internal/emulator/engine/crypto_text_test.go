package engine

import "testing"

// What OpenAPI encrypts is the text it is given, base64 or not; bytes that an
// instance operation sealed come out in base64 unless they are text.
func TestPlaintextIsText(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	for sealed, want := range map[string]string{
		"aGVsbG8=": "aGVsbG8=", "plaintext": "plaintext", "größe\n": "größe\n", "\x00\xff": "AP8=", "a\x00": "YQA=",
	} {
		for name, seal := range sealers() {
			out := must[decryptResponse](w, w.public(), "Decrypt", &decryptRequest{
				CiphertextBlob: param(base64Text(seal(w, key, []byte(sealed)))), EncryptionContext: sampleContext(),
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
		if got := string(unpacked([]byte(text))); got != want {
			t.Errorf("%q stands for %q, want %q", text, got, want)
		}
	}
}
