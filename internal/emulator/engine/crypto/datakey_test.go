package crypto_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"testing"
	"testing/iotest"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

func TestDataKeySizes(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	for _, c := range []struct {
		name string
		spec *string
		n    *int64
		want int
		code string
	}{
		{"default", nil, nil, 32, ""},
		{"AES_256", enginetest.Param("AES_256"), nil, 32, ""},
		{"AES_128", enginetest.Param("AES_128"), nil, 16, ""},
		{"bytes win", enginetest.Param("AES_128"), enginetest.Param(int64(7)), 7, ""},
		{"least", nil, enginetest.Param(int64(1)), 1, ""},
		{"most", nil, enginetest.Param(int64(1024)), 1024, ""},
		{"none", nil, enginetest.Param(int64(0)), 0, "InvalidParameter"},
		{"too many", nil, enginetest.Param(int64(1025)), 0, "InvalidParameter"},
		{"unknown spec", enginetest.Param("AES_512"), nil, 0, "InvalidParameter"},
	} {
		out, err := enginetest.Ask[crypto.DataKeyResponse](w, w.Public(), "GenerateDataKey", &crypto.DataKeyRequest{KeyId: &key, KeySpec: c.spec, NumberOfBytes: c.n, EncryptionContext: sampleContext()})
		without, err2 := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "GenerateDataKeyWithoutPlaintext", &crypto.DataKeyRequest{KeyId: &key, KeySpec: c.spec, NumberOfBytes: c.n, EncryptionContext: sampleContext()})
		if c.code != "" {
			enginetest.RefusedWith(t, c.name, err, c.code)
			enginetest.RefusedWith(t, c.name, err2, c.code)
			continue
		}
		if err != nil || err2 != nil {
			t.Errorf("%s: %v, %v", c.name, err, err2)
			continue
		}
		opened := enginetest.Must[crypto.DecryptResponse](w, w.Public(), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &out.CiphertextBlob, EncryptionContext: sampleContext()})
		if plain, _ := base64.StdEncoding.DecodeString(out.Plaintext); len(plain) != c.want || opened.Plaintext != out.Plaintext {
			t.Errorf("%s: %d bytes, opens to the same: %v", c.name, len(plain), opened.Plaintext == out.Plaintext)
		}
		opened = enginetest.Must[crypto.DecryptResponse](w, w.Public(), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &without.CiphertextBlob, EncryptionContext: sampleContext()})
		if plain, _ := base64.StdEncoding.DecodeString(opened.Plaintext); len(plain) != c.want {
			t.Errorf("%s without plaintext: %d bytes", c.name, len(plain))
		}
	}
}

func TestExportedDataKeyOpensUnderTheCallersKey(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	for _, c := range []struct{ spec, alg string }{{"RSA_2048", "RSAES_OAEP_SHA_256"}, {"RSA_2048", "RSAES_OAEP_SHA_1"}, {"EC_SM2", "SM2PKE"}} {
		material, err := crypt.Generate(w.E.Rand, c.spec)
		if err != nil {
			t.Fatal(err)
		}
		private, _ := crypt.Parse(c.spec, material)
		der, _ := private.Public()
		public := core.Base64Text(der)
		both := enginetest.Must[crypto.GenerateAndExportDataKeyResponse](w, w.Public(), "GenerateAndExportDataKey", &crypto.GenerateAndExportDataKeyRequest{
			KeyId: &key, PublicKeyBlob: &public, WrappingAlgorithm: &c.alg, WrappingKeySpec: &c.spec, EncryptionContext: sampleContext(),
		})
		again := enginetest.Must[crypto.ExportDataKeyResponse](w, w.Public(), "ExportDataKey", &crypto.ExportDataKeyRequest{
			CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: &public, WrappingAlgorithm: &c.alg, WrappingKeySpec: &c.spec, EncryptionContext: sampleContext(),
		})
		opened := enginetest.Must[crypto.DecryptResponse](w, w.Public(), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &both.CiphertextBlob, EncryptionContext: sampleContext()})
		want, _ := base64.StdEncoding.DecodeString(opened.Plaintext)
		for _, exported := range []string{both.ExportedDataKey, again.ExportedDataKey} {
			data, _ := base64.StdEncoding.DecodeString(exported)
			if got, err := private.Decrypt(crypt.Algorithm(c.alg), data, crypt.Params{}); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s %s: %v", c.spec, c.alg, err)
			}
		}
		for _, bad := range []crypto.ExportDataKeyRequest{
			{CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: &public, WrappingAlgorithm: &c.alg, WrappingKeySpec: &c.spec}, // no context
			{CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: enginetest.Param("eA=="), WrappingAlgorithm: &c.alg, WrappingKeySpec: &c.spec, EncryptionContext: sampleContext()},
			{CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: &public, WrappingAlgorithm: enginetest.Param("RSAES_PKCS1_V1_5"), WrappingKeySpec: &c.spec, EncryptionContext: sampleContext()},
			{CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: &public, WrappingAlgorithm: &c.alg, WrappingKeySpec: enginetest.Param("RSA_4096"), EncryptionContext: sampleContext()},
		} {
			_, err := enginetest.Ask[crypto.ExportDataKeyResponse](w, w.Public(), "ExportDataKey", &bad)
			enginetest.RefusedWith(t, "a bad export", err, "InvalidParameter")
		}
	}
}

func TestReEncrypt(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	from, to := w.Key(w.Software, "Aliyun_AES_256", "").KeyId, w.Key(w.Software, "Aliyun_SM4", "").KeyId
	rsa := w.Key(w.Software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	rsaVersion, oaep := w.Version(rsa), "RSAES_OAEP_SHA_256"
	sealed := func() *string {
		in := encryptOf(from, []byte("move"))
		in.EncryptionContext = sampleContext()
		return &enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", in).CiphertextBlob
	}()
	asymmetric := &enginetest.Must[crypto.EncryptResponse](w, w.Public(), "AsymmetricEncrypt", &crypto.AsymmetricEncryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: &oaep, Plaintext: enginetest.Param(core.Base64Text([]byte("move")))}).CiphertextBlob
	for _, c := range []struct {
		name    string
		in      crypto.ReEncryptRequest
		source  string
		context core.JSONMap
	}{
		{"symmetric", crypto.ReEncryptRequest{CiphertextBlob: sealed, SourceEncryptionContext: sampleContext(), DestinationKeyId: &to}, from, nil},
		{"another context", crypto.ReEncryptRequest{CiphertextBlob: sealed, SourceEncryptionContext: sampleContext(), DestinationKeyId: &to, DestinationEncryptionContext: core.JSONMap{"new": "one"}}, from, core.JSONMap{"new": "one"}},
		{"source named", crypto.ReEncryptRequest{CiphertextBlob: sealed, SourceKeyId: &from, SourceEncryptionContext: sampleContext(), DestinationKeyId: &from}, from, nil},
		{"asymmetric", crypto.ReEncryptRequest{CiphertextBlob: asymmetric, SourceKeyId: &rsa, SourceKeyVersionId: &rsaVersion, SourceEncryptionAlgorithm: &oaep, DestinationKeyId: &to}, rsa, nil},
	} {
		out, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "ReEncrypt", &c.in)
		if err != nil || out.KeyId != c.source {
			t.Errorf("%s: %+v, %v", c.name, out, err)
			continue
		}
		opened, err := enginetest.Ask[crypto.DecryptResponse](w, w.Public(), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &out.CiphertextBlob, EncryptionContext: c.context})
		if err != nil || opened.Plaintext != core.Base64Text([]byte("move")) || opened.KeyId != *c.in.DestinationKeyId {
			t.Errorf("%s: opens to %+v, %v", c.name, opened, err)
		}
	}
	for _, c := range []struct {
		name string
		in   crypto.ReEncryptRequest
		code string
	}{
		{"no destination", crypto.ReEncryptRequest{CiphertextBlob: sealed, SourceEncryptionContext: sampleContext()}, "MissingParameter"},
		{"wrong context", crypto.ReEncryptRequest{CiphertextBlob: sealed, DestinationKeyId: &to}, "InvalidParameter"},
		{"another source", crypto.ReEncryptRequest{CiphertextBlob: sealed, SourceKeyId: &to, SourceEncryptionContext: sampleContext(), DestinationKeyId: &to}, "InvalidParameter"},
		{"asymmetric destination", crypto.ReEncryptRequest{CiphertextBlob: sealed, SourceEncryptionContext: sampleContext(), DestinationKeyId: &rsa}, "UnsupportedOperation"},
		{"no algorithm", crypto.ReEncryptRequest{CiphertextBlob: asymmetric, SourceKeyId: &rsa, SourceKeyVersionId: &rsaVersion, DestinationKeyId: &to}, "MissingParameter"},
	} {
		_, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "ReEncrypt", &c.in)
		enginetest.RefusedWith(t, c.name, err, c.code)
	}
}

// A failing random source is the service's InternalFailure, not the caller's fault.
func TestRandomFailureIsInternal(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	w.E.Rand = iotest.ErrReader(io.ErrUnexpectedEOF)
	_, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(key, []byte("x")))
	enginetest.RefusedWith(t, "no randomness", err, "InternalFailure")
}

func TestSameSeedSameCiphertext(t *testing.T) {
	transcript := func(seed byte) string {
		w := enginetest.NewCryptoWorld(t, func(o *core.Options) { o.Rand = core.SeededRand([32]byte{seed}) })
		key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
		sign := w.Key(w.Software, "EC_P256", "").KeyId
		sm2 := w.Key(w.Software, "EC_SM2", "").KeyId
		out := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(key, []byte("x"))).CiphertextBlob
		for id, alg := range map[string]string{sign: "ECDSA_SHA_256"} {
			out += enginetest.Must[crypto.AsymmetricSignResponse](w, w.Public(), "AsymmetricSign", &crypto.AsymmetricSignRequest{KeyId: &id, KeyVersionId: enginetest.Param(w.Version(id)), Algorithm: &alg, Digest: enginetest.Param(core.Base64Text(make([]byte, 32)))}).Value
		}
		out += enginetest.Must[crypto.AsymmetricSignResponse](w, w.Public(), "AsymmetricSign", &crypto.AsymmetricSignRequest{KeyId: &sm2, KeyVersionId: enginetest.Param(w.Version(sm2)), Algorithm: enginetest.Param("SM2DSA"), Digest: enginetest.Param(core.Base64Text(make([]byte, 32)))}).Value
		return out
	}
	first := transcript(1)
	if transcript(1) != first {
		t.Error("the same seed gives another transcript")
	}
	if transcript(2) == first {
		t.Error("another seed gives the same transcript")
	}
}
