package engine

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// eachPair runs fn for every key pair specification, usage and algorithm.
func eachPair(t *testing.T, usage string, fn func(t *testing.T, w *cryptoWorld, key, version string, alg crypt.Algorithm)) {
	w := newCryptoWorld(t)
	for _, name := range crypt.SpecNames() {
		spec, _ := crypt.SpecOf(name)
		algorithms := spec.Signature
		if usage == crypt.UsageEncrypt {
			algorithms = spec.Encryption
		}
		if spec.Class != crypt.Asymmetric || name == "RSA_4096" { // slow to make; package crypt tests it
			continue
		}
		key := w.key(w.software, name, usage).KeyId
		for _, alg := range algorithms {
			t.Run(name+"/"+string(alg), func(t *testing.T) { fn(t, w, key, w.version(key), alg) })
		}
	}
}

func TestAsymmetricCiphertextCrossesGateways(t *testing.T) {
	eachPair(t, crypt.UsageEncrypt, func(t *testing.T, w *cryptoWorld, key, version string, alg crypt.Algorithm) {
		name, plaintext := param(string(alg)), []byte("small")
		public := must[encryptResponse](w, w.public(), "AsymmetricEncrypt", &asymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: name, Plaintext: param(base64Text(plaintext))})
		fromPublic, _ := base64.StdEncoding.DecodeString(public.CiphertextBlob)
		c := w.client()
		client := mustInstance[*dkms.EncryptResponse](w, c, "Encrypt", &dkms.EncryptRequest{KeyId: key, Algorithm: string(alg), Plaintext: plaintext})
		if c.KeyVersionID != version || len(client.Iv) > 0 || client.Algorithm != string(alg) {
			t.Errorf("instance Encrypt answers version %q, IV %x, algorithm %q", c.KeyVersionID, client.Iv, client.Algorithm)
		}
		for from, ciphertext := range map[string][]byte{"public": fromPublic, "instance": client.CiphertextBlob} {
			blob := base64Text(ciphertext)
			for to, door := range map[string]*Call{"public": w.public(), "dedicated": w.dedicated()} {
				out, err := ask[decryptResponse](w, door, "AsymmetricDecrypt", &asymmetricDecryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: name, CiphertextBlob: &blob})
				if err != nil || out.Plaintext != base64Text(plaintext) {
					t.Errorf("%s → %s: %+v, %v", from, to, out, err)
				}
			}
			out, err := askInstance[*dkms.DecryptResponse](w, w.client(), "Decrypt", &dkms.DecryptRequest{KeyId: key, Algorithm: string(alg), CiphertextBlob: ciphertext})
			if err != nil || !bytes.Equal(out.Plaintext, plaintext) {
				t.Errorf("%s → instance: %v", from, err)
			}
			bad := bytes.Clone(ciphertext)
			bad[len(bad)/2] ^= 1
			_, err = ask[decryptResponse](w, w.public(), "AsymmetricDecrypt", &asymmetricDecryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: name, CiphertextBlob: param(base64Text(bad))})
			refusedWith(t, from+" tampered", err, "InvalidParameter")
		}
	})
}

func TestSignaturesCrossGateways(t *testing.T) {
	eachPair(t, crypt.UsageSign, func(t *testing.T, w *cryptoWorld, key, version string, alg crypt.Algorithm) {
		message, name := []byte("message to sign"), string(alg)
		raw := mustInstance[*dkms.SignResponse](w, w.client(), "Sign", &dkms.SignRequest{KeyId: key, Algorithm: name, Message: message})
		if raw.MessageType != "RAW" || raw.Algorithm != name {
			t.Errorf("Sign answers %q, %q", raw.MessageType, raw.Algorithm)
		}
		digest := digestFor(t, w, key, alg, message)
		public := must[asymmetricSignResponse](w, w.public(), "AsymmetricSign", &asymmetricSignRequest{KeyId: &key, KeyVersionId: &version, Algorithm: &name, Digest: param(base64Text(digest))})
		fromPublic, _ := base64.StdEncoding.DecodeString(public.Value)
		for from, sig := range map[string][]byte{"instance": raw.Signature, "public": fromPublic} {
			for _, flip := range []bool{false, true} {
				sig := bytes.Clone(sig)
				if flip {
					sig[len(sig)-1] ^= 1
				}
				verified := must[asymmetricVerifyResponse](w, w.public(), "AsymmetricVerify", &asymmetricVerifyRequest{KeyId: &key, KeyVersionId: &version, Algorithm: &name, Digest: param(base64Text(digest)), Value: param(base64Text(sig))})
				byMessage := mustInstance[*dkms.VerifyResponse](w, w.client(), "Verify", &dkms.VerifyRequest{KeyId: key, Algorithm: name, Message: message, Signature: sig})
				byDigest := mustInstance[*dkms.VerifyResponse](w, w.client(), "Verify", &dkms.VerifyRequest{KeyId: key, Algorithm: name, Message: digest, MessageType: "DIGEST", Signature: sig})
				byOldField := mustInstance[*dkms.VerifyResponse](w, w.client(), "Verify", &dkms.VerifyRequest{KeyId: key, Algorithm: name, Digest: digest, Signature: sig})
				for how, holds := range map[string]bool{"public": verified.Value, "message": byMessage.Value, "digest": byDigest.Value, "old field": byOldField.Value} {
					if holds == flip {
						t.Errorf("%s signature, flipped=%v, verified by %s: %v", from, flip, how, holds)
					}
				}
			}
		}
	})
}

// digestFor is what a client computes itself: SHA-256, or SM2's own digest.
func digestFor(t *testing.T, w *cryptoWorld, key string, alg crypt.Algorithm, message []byte) []byte {
	t.Helper()
	if alg != crypt.SM2DSA {
		sum := sha256.Sum256(message)
		return sum[:]
	}
	u, err := w.e.useKey(w.public(), "AsymmetricSign", key, initialVersion)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := u.Digest(alg, message)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// A client that verifies locally with the published key must agree.
func TestPublicKeysVerifyOutside(t *testing.T) {
	w := newCryptoWorld(t)
	sum := sha256.Sum256([]byte("message"))
	for spec, verify := range map[string]func(public any, sig []byte) bool{
		"RSA_2048": func(p any, sig []byte) bool {
			return rsa.VerifyPSS(p.(*rsa.PublicKey), crypto.SHA256, sum[:], sig, nil) == nil
		},
		"EC_P256": func(p any, sig []byte) bool { return ecdsa.VerifyASN1(p.(*ecdsa.PublicKey), sum[:], sig) },
	} {
		key := w.key(w.software, spec, "").KeyId
		answer := must[getPublicKeyResponse](w, w.public(), "GetPublicKey", &getPublicKeyRequest{KeyId: &key, KeyVersionId: param(w.version(key))})
		der, _ := base64.StdEncoding.DecodeString(pemToDER(t, answer.PublicKey))
		public, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			t.Fatal(err)
		}
		c := w.client()
		client := mustInstance[*dkms.GetPublicKeyResponse](w, c, "GetPublicKey", &dkms.GetPublicKeyRequest{KeyId: key})
		if client.PublicKey != answer.PublicKey || c.KeyVersionID != w.version(key) {
			t.Errorf("%s: the gateways' public keys differ", spec)
		}
		sig := mustInstance[*dkms.SignResponse](w, w.client(), "Sign", &dkms.SignRequest{KeyId: key, Message: []byte("message")})
		if !verify(public, sig.Signature) {
			t.Errorf("%s: the default signature does not verify outside", spec)
		}
	}
}

func TestAsymmetricParameters(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	other := w.key(w.software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	version, text, alg := w.version(key), param("eA=="), param("RSAES_OAEP_SHA_256")
	for _, c := range []struct {
		name string
		in   asymmetricEncryptRequest
		code string
	}{
		{"no key", asymmetricEncryptRequest{KeyVersionId: &version, Algorithm: alg, Plaintext: text}, "MissingParameter"},
		{"no version", asymmetricEncryptRequest{KeyId: &key, Algorithm: alg, Plaintext: text}, "MissingParameter"},
		{"no algorithm", asymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Plaintext: text}, "MissingParameter"},
		{"no plaintext", asymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: alg}, "MissingParameter"},
		{"a signature algorithm", asymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: param("RSA_PSS_SHA_256"), Plaintext: text}, "InvalidParameter"},
		{"another pair's version", asymmetricEncryptRequest{KeyId: &key, KeyVersionId: param(w.version(other)), Algorithm: alg, Plaintext: text}, "Forbidden.KeyVersionNotFound"},
		{"191 bytes", asymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: alg, Plaintext: param(base64Text(make([]byte, 191)))}, "InvalidParameter"},
	} {
		_, err := ask[encryptResponse](w, w.public(), "AsymmetricEncrypt", &c.in)
		refusedWith(t, c.name, err, c.code)
	}
	aes := w.key(w.software, "Aliyun_AES_256", "").KeyId
	_, err := ask[getPublicKeyResponse](w, w.public(), "GetPublicKey", &getPublicKeyRequest{KeyId: &aes})
	refusedWith(t, "public key of a symmetric key", err, "UnsupportedOperation")
	sign := w.key(w.software, "EC_P256", "").KeyId
	for _, n := range []int{31, 33} {
		_, err := ask[asymmetricSignResponse](w, w.public(), "AsymmetricSign", &asymmetricSignRequest{KeyId: &sign, KeyVersionId: param(w.version(sign)), Algorithm: param("ECDSA_SHA_256"), Digest: param(base64Text(make([]byte, n)))})
		refusedWith(t, "digest of another length", err, "InvalidParameter")
	}
}
