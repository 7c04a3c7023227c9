package engine

import (
	"bytes"
	"encoding/base64"
	"io"
	"testing"
	"testing/iotest"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
)

func TestDataKeySizes(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	for _, c := range []struct {
		name string
		spec *string
		n    *int64
		want int
		code string
	}{
		{"default", nil, nil, 32, ""},
		{"AES_256", param("AES_256"), nil, 32, ""},
		{"AES_128", param("AES_128"), nil, 16, ""},
		{"bytes win", param("AES_128"), param(int64(7)), 7, ""},
		{"least", nil, param(int64(1)), 1, ""},
		{"most", nil, param(int64(1024)), 1024, ""},
		{"none", nil, param(int64(0)), 0, "InvalidParameter"},
		{"too many", nil, param(int64(1025)), 0, "InvalidParameter"},
		{"unknown spec", param("AES_512"), nil, 0, "InvalidParameter"},
	} {
		out, err := ask[dataKeyResponse](w, w.public(), "GenerateDataKey", &dataKeyRequest{KeyId: &key, KeySpec: c.spec, NumberOfBytes: c.n, EncryptionContext: sampleContext()})
		without, err2 := ask[encryptResponse](w, w.public(), "GenerateDataKeyWithoutPlaintext", &dataKeyRequest{KeyId: &key, KeySpec: c.spec, NumberOfBytes: c.n, EncryptionContext: sampleContext()})
		if c.code != "" {
			refusedWith(t, c.name, err, c.code)
			refusedWith(t, c.name, err2, c.code)
			continue
		}
		if err != nil || err2 != nil {
			t.Errorf("%s: %v, %v", c.name, err, err2)
			continue
		}
		opened := must[decryptResponse](w, w.public(), "Decrypt", &decryptRequest{CiphertextBlob: &out.CiphertextBlob, EncryptionContext: sampleContext()})
		if plain, _ := base64.StdEncoding.DecodeString(out.Plaintext); len(plain) != c.want || opened.Plaintext != out.Plaintext {
			t.Errorf("%s: %d bytes, opens to the same: %v", c.name, len(plain), opened.Plaintext == out.Plaintext)
		}
		opened = must[decryptResponse](w, w.public(), "Decrypt", &decryptRequest{CiphertextBlob: &without.CiphertextBlob, EncryptionContext: sampleContext()})
		if plain, _ := base64.StdEncoding.DecodeString(opened.Plaintext); len(plain) != c.want {
			t.Errorf("%s without plaintext: %d bytes", c.name, len(plain))
		}
	}
}

func TestExportedDataKeyOpensUnderTheCallersKey(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	for _, c := range []struct{ spec, alg string }{{"RSA_2048", "RSAES_OAEP_SHA_256"}, {"RSA_2048", "RSAES_OAEP_SHA_1"}, {"EC_SM2", "SM2PKE"}} {
		material, err := crypt.Generate(w.e.rand, c.spec)
		if err != nil {
			t.Fatal(err)
		}
		private, _ := crypt.Parse(c.spec, material)
		der, _ := private.Public()
		public := base64Text(der)
		both := must[generateAndExportDataKeyResponse](w, w.public(), "GenerateAndExportDataKey", &generateAndExportDataKeyRequest{
			KeyId: &key, PublicKeyBlob: &public, WrappingAlgorithm: &c.alg, WrappingKeySpec: &c.spec, EncryptionContext: sampleContext(),
		})
		again := must[exportDataKeyResponse](w, w.public(), "ExportDataKey", &exportDataKeyRequest{
			CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: &public, WrappingAlgorithm: &c.alg, WrappingKeySpec: &c.spec, EncryptionContext: sampleContext(),
		})
		opened := must[decryptResponse](w, w.public(), "Decrypt", &decryptRequest{CiphertextBlob: &both.CiphertextBlob, EncryptionContext: sampleContext()})
		want, _ := base64.StdEncoding.DecodeString(opened.Plaintext)
		for _, exported := range []string{both.ExportedDataKey, again.ExportedDataKey} {
			data, _ := base64.StdEncoding.DecodeString(exported)
			if got, err := private.Decrypt(crypt.Algorithm(c.alg), data, crypt.Params{}); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s %s: %v", c.spec, c.alg, err)
			}
		}
		for _, bad := range []exportDataKeyRequest{
			{CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: &public, WrappingAlgorithm: &c.alg, WrappingKeySpec: &c.spec}, // no context
			{CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: param("eA=="), WrappingAlgorithm: &c.alg, WrappingKeySpec: &c.spec, EncryptionContext: sampleContext()},
			{CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: &public, WrappingAlgorithm: param("RSAES_PKCS1_V1_5"), WrappingKeySpec: &c.spec, EncryptionContext: sampleContext()},
			{CiphertextBlob: &both.CiphertextBlob, PublicKeyBlob: &public, WrappingAlgorithm: &c.alg, WrappingKeySpec: param("RSA_4096"), EncryptionContext: sampleContext()},
		} {
			_, err := ask[exportDataKeyResponse](w, w.public(), "ExportDataKey", &bad)
			refusedWith(t, "a bad export", err, "InvalidParameter")
		}
	}
}

func TestReEncrypt(t *testing.T) {
	w := newCryptoWorld(t)
	from, to := w.key(w.software, "Aliyun_AES_256", "").KeyId, w.key(w.software, "Aliyun_SM4", "").KeyId
	rsa := w.key(w.software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	rsaVersion, oaep := w.version(rsa), "RSAES_OAEP_SHA_256"
	sealed := func() *string {
		in := encryptOf(from, []byte("move"))
		in.EncryptionContext = sampleContext()
		return &must[encryptResponse](w, w.public(), "Encrypt", in).CiphertextBlob
	}()
	asymmetric := &must[encryptResponse](w, w.public(), "AsymmetricEncrypt", &asymmetricEncryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: &oaep, Plaintext: param(base64Text([]byte("move")))}).CiphertextBlob
	for _, c := range []struct {
		name    string
		in      reEncryptRequest
		source  string
		context JSONMap
	}{
		{"symmetric", reEncryptRequest{CiphertextBlob: sealed, SourceEncryptionContext: sampleContext(), DestinationKeyId: &to}, from, nil},
		{"another context", reEncryptRequest{CiphertextBlob: sealed, SourceEncryptionContext: sampleContext(), DestinationKeyId: &to, DestinationEncryptionContext: JSONMap{"new": "one"}}, from, JSONMap{"new": "one"}},
		{"source named", reEncryptRequest{CiphertextBlob: sealed, SourceKeyId: &from, SourceEncryptionContext: sampleContext(), DestinationKeyId: &from}, from, nil},
		{"asymmetric", reEncryptRequest{CiphertextBlob: asymmetric, SourceKeyId: &rsa, SourceKeyVersionId: &rsaVersion, SourceEncryptionAlgorithm: &oaep, DestinationKeyId: &to}, rsa, nil},
	} {
		out, err := ask[encryptResponse](w, w.public(), "ReEncrypt", &c.in)
		if err != nil || out.KeyId != c.source {
			t.Errorf("%s: %+v, %v", c.name, out, err)
			continue
		}
		opened, err := ask[decryptResponse](w, w.public(), "Decrypt", &decryptRequest{CiphertextBlob: &out.CiphertextBlob, EncryptionContext: c.context})
		if err != nil || opened.Plaintext != base64Text([]byte("move")) || opened.KeyId != *c.in.DestinationKeyId {
			t.Errorf("%s: opens to %+v, %v", c.name, opened, err)
		}
	}
	for _, c := range []struct {
		name string
		in   reEncryptRequest
		code string
	}{
		{"no destination", reEncryptRequest{CiphertextBlob: sealed, SourceEncryptionContext: sampleContext()}, "MissingParameter"},
		{"wrong context", reEncryptRequest{CiphertextBlob: sealed, DestinationKeyId: &to}, "InvalidParameter"},
		{"another source", reEncryptRequest{CiphertextBlob: sealed, SourceKeyId: &to, SourceEncryptionContext: sampleContext(), DestinationKeyId: &to}, "InvalidParameter"},
		{"asymmetric destination", reEncryptRequest{CiphertextBlob: sealed, SourceEncryptionContext: sampleContext(), DestinationKeyId: &rsa}, "UnsupportedOperation"},
		{"no algorithm", reEncryptRequest{CiphertextBlob: asymmetric, SourceKeyId: &rsa, SourceKeyVersionId: &rsaVersion, DestinationKeyId: &to}, "MissingParameter"},
	} {
		_, err := ask[encryptResponse](w, w.public(), "ReEncrypt", &c.in)
		refusedWith(t, c.name, err, c.code)
	}
}

// A failing random source is the service's InternalFailure, not the caller's fault.
func TestRandomFailureIsInternal(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	w.e.rand = iotest.ErrReader(io.ErrUnexpectedEOF)
	_, err := ask[encryptResponse](w, w.public(), "Encrypt", encryptOf(key, []byte("x")))
	refusedWith(t, "no randomness", err, "InternalFailure")
}

func TestSameSeedSameCiphertext(t *testing.T) {
	transcript := func(seed byte) string {
		w := newCryptoWorld(t, func(o *Options) { o.Rand = SeededRand([32]byte{seed}) })
		key := w.key(w.software, "Aliyun_AES_256", "").KeyId
		sign := w.key(w.software, "EC_P256", "").KeyId
		sm2 := w.key(w.software, "EC_SM2", "").KeyId
		out := must[encryptResponse](w, w.public(), "Encrypt", encryptOf(key, []byte("x"))).CiphertextBlob
		for id, alg := range map[string]string{sign: "ECDSA_SHA_256"} {
			out += must[asymmetricSignResponse](w, w.public(), "AsymmetricSign", &asymmetricSignRequest{KeyId: &id, KeyVersionId: param(w.version(id)), Algorithm: &alg, Digest: param(base64Text(make([]byte, 32)))}).Value
		}
		out += must[asymmetricSignResponse](w, w.public(), "AsymmetricSign", &asymmetricSignRequest{KeyId: &sm2, KeyVersionId: param(w.version(sm2)), Algorithm: param("SM2DSA"), Digest: param(base64Text(make([]byte, 32)))}).Value
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
