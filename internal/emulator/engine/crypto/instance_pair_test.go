package crypto_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// pairOf is what the tests look at in a key pair answer of any kind.
type pairOf struct{ private, sealed, public, iv []byte }

// pairMakers run the four key pair operations.
func pairMakers(w *enginetest.CryptoWorld, key, spec, format string) map[string]func() (pairOf, error) {
	aad := []byte("pair")
	return map[string]func() (pairOf, error){
		"GenerateDataKeyPair": func() (pairOf, error) {
			o, err := enginetest.AskInstance[*dkms.GenerateDataKeyPairResponse](w, w.Client(), "GenerateDataKeyPair", &dkms.GenerateDataKeyPairRequest{KeyId: key, KeyPairSpec: spec, KeyFormat: format, Aad: aad})
			return pairOf{o.GetPrivateKeyPlaintext(), o.GetPrivateKeyCiphertextBlob(), o.GetPublicKey(), o.GetIv()}, err
		},
		"GenerateDataKeyPairWithoutPlaintext": func() (pairOf, error) {
			o, err := enginetest.AskInstance[*dkms.GenerateDataKeyPairWithoutPlaintextResponse](w, w.Client(), "GenerateDataKeyPairWithoutPlaintext", &dkms.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: key, KeyPairSpec: spec, KeyFormat: format, Aad: aad})
			return pairOf{nil, o.GetPrivateKeyCiphertextBlob(), o.GetPublicKey(), o.GetIv()}, err
		},
		"AdvanceGenerateDataKeyPair": func() (pairOf, error) {
			o, err := enginetest.AskInstance[*dkms.AdvanceGenerateDataKeyPairResponse](w, w.Client(), "AdvanceGenerateDataKeyPair", &dkms.AdvanceGenerateDataKeyPairRequest{KeyId: key, KeyPairSpec: spec, KeyFormat: format, Aad: aad})
			return pairOf{o.GetPrivateKeyPlaintext(), o.GetPrivateKeyCiphertextBlob(), o.GetPublicKey(), o.GetIv()}, err
		},
		"AdvanceGenerateDataKeyPairWithoutPlaintext": func() (pairOf, error) {
			o, err := enginetest.AskInstance[*dkms.AdvanceGenerateDataKeyPairWithoutPlaintextResponse](w, w.Client(), "AdvanceGenerateDataKeyPairWithoutPlaintext", &dkms.AdvanceGenerateDataKeyPairWithoutPlaintextRequest{KeyId: key, KeyPairSpec: spec, KeyFormat: format, Aad: aad})
			return pairOf{nil, o.GetPrivateKeyCiphertextBlob(), o.GetPublicKey(), o.GetIv()}, err
		},
	}
}

func TestDataKeyPairs(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	enginetest.Must[keys.KeyVersionResponse](w, w.Public(), "CreateKeyVersion", &keys.KeyRequest{KeyId: &key})
	for _, spec := range []string{"RSA_2048", "EC_P256", "EC_P256K"} {
		for _, format := range []string{"PEM", "DER", ""} {
			for name, make := range pairMakers(w, key, spec, format) {
				pair, err := make()
				if err != nil {
					t.Fatalf("%s %s: %v", name, spec, err)
				}
				in := &dkms.AdvanceDecryptRequest{CiphertextBlob: pair.sealed, Aad: []byte("pair")}
				if !crypt.IsAdvance(pair.sealed) {
					in.KeyId, in.Iv = key, pair.iv
				}
				opened := enginetest.MustInstance[*dkms.AdvanceDecryptResponse](w, w.Client(), "AdvanceDecrypt", in).Plaintext
				if pair.private != nil && !bytes.Equal(opened, pair.private) {
					t.Errorf("%s %s: the sealed half is another one", name, spec)
				}
				if !halvesMatch(t, spec, format != "DER", opened, pair.public) {
					t.Errorf("%s %s %q: the halves differ", name, spec, format)
				}
			}
		}
	}
	for _, c := range []struct{ spec, format, code string }{
		{"", "PEM", "MissingParameter"}, {"EC_SM2", "PEM", "InvalidParameter"}, {"RSA_1024", "PEM", "InvalidParameter"}, {"EC_P256", "JWK", "InvalidParameter"},
	} {
		for name, make := range pairMakers(w, key, c.spec, c.format) {
			_, err := make()
			enginetest.RefusedWith(t, name+" "+c.spec+" "+c.format, err, c.code)
		}
	}
}

// halvesMatch parses both halves as a client would: PKCS#8 and PKIX.
func halvesMatch(t *testing.T, spec string, text bool, private, public []byte) bool {
	t.Helper()
	if text {
		a, _ := pem.Decode(private)
		b, _ := pem.Decode(public)
		if a == nil || b == nil {
			return false
		}
		private, public = a.Bytes, b.Bytes
	}
	if spec != "EC_P256K" { // unknown to the standard library
		if _, err := x509.ParsePKCS8PrivateKey(private); err != nil {
			t.Error(err)
		}
		if _, err := x509.ParsePKIXPublicKey(public); err != nil {
			t.Error(err)
		}
	}
	key, err := crypt.Parse(spec, private)
	if err != nil {
		return false
	}
	der, err := key.Public()
	return err == nil && bytes.Equal(der, public)
}

func TestOneDataKeyPairAtATime(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	done, err := w.E.Crypto.PairTurn(w.Software)
	if err != nil {
		t.Fatal(err)
	}
	for name, make := range pairMakers(w, key, "EC_P256", "PEM") {
		_, err := make()
		var refusal *core.Error
		if !errors.As(err, &refusal) || refusal.Status != 429 || refusal.Message != "Concurrency Limit Exceeded" {
			t.Errorf("%s while another runs: %v", name, err)
		}
	}
	if other, err := w.E.Crypto.PairTurn(w.Hardware); err != nil {
		t.Errorf("another instance: %v", err)
	} else {
		other()
	}
	done()
	for name, make := range pairMakers(w, key, "EC_P256", "PEM") {
		if _, err := make(); err != nil {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
}
