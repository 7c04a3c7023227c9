package crypto_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// eachPair runs fn for every key pair specification, usage and algorithm.
func eachPair(t *testing.T, usage string, fn func(t *testing.T, w *enginetest.CryptoWorld, key, version string, alg crypt.Algorithm)) {
	w := enginetest.NewCryptoWorld(t)
	for _, name := range crypt.SpecNames() {
		spec, _ := crypt.SpecOf(name)
		algorithms := spec.Signature
		if usage == crypt.UsageEncrypt {
			algorithms = spec.Encryption
		}
		if spec.Class != crypt.Asymmetric || name == "RSA_4096" { // slow to make; package crypt tests it
			continue
		}
		key := w.Key(w.Software, name, usage).KeyId
		for _, alg := range algorithms {
			t.Run(name+"/"+string(alg), func(t *testing.T) { fn(t, w, key, w.Version(key), alg) })
		}
	}
}

func TestAsymmetricCiphertextCrossesGateways(t *testing.T) {
	eachPair(t, crypt.UsageEncrypt, func(t *testing.T, w *enginetest.CryptoWorld, key, version string, alg crypt.Algorithm) {
		name, plaintext := enginetest.Param(string(alg)), []byte("small")
		public := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "AsymmetricEncrypt", &crypto.AsymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: name, Plaintext: enginetest.Param(core.Base64Text(plaintext))})
		fromPublic, _ := base64.StdEncoding.DecodeString(public.CiphertextBlob)
		c := w.Client()
		client := enginetest.MustInstance[*dkms.EncryptResponse](w, c, "Encrypt", &dkms.EncryptRequest{KeyId: key, Algorithm: string(alg), Plaintext: plaintext})
		if c.KeyVersionID != version || len(client.Iv) > 0 || client.Algorithm != string(alg) {
			t.Errorf("instance Encrypt answers version %q, IV %x, algorithm %q", c.KeyVersionID, client.Iv, client.Algorithm)
		}
		for from, ciphertext := range map[string][]byte{"public": fromPublic, "instance": client.CiphertextBlob} {
			blob := core.Base64Text(ciphertext)
			for to, door := range map[string]*core.Call{"public": w.Public(), "dedicated": w.Dedicated()} {
				out, err := enginetest.Ask[crypto.DecryptResponse](w, door, "AsymmetricDecrypt", &crypto.AsymmetricDecryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: name, CiphertextBlob: &blob})
				if err != nil || out.Plaintext != core.Base64Text(plaintext) {
					t.Errorf("%s → %s: %+v, %v", from, to, out, err)
				}
			}
			out, err := enginetest.AskInstance[*dkms.DecryptResponse](w, w.Client(), "Decrypt", &dkms.DecryptRequest{KeyId: key, Algorithm: string(alg), CiphertextBlob: ciphertext})
			if err != nil || !bytes.Equal(out.Plaintext, plaintext) {
				t.Errorf("%s → instance: %v", from, err)
			}
			bad := bytes.Clone(ciphertext)
			bad[len(bad)/2] ^= 1
			_, err = enginetest.Ask[crypto.DecryptResponse](w, w.Public(), "AsymmetricDecrypt", &crypto.AsymmetricDecryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: name, CiphertextBlob: enginetest.Param(core.Base64Text(bad))})
			enginetest.RefusedWith(t, from+" tampered", err, "InvalidParameter")
		}
	})
}

func TestSignaturesCrossGateways(t *testing.T) {
	eachPair(t, crypt.UsageSign, func(t *testing.T, w *enginetest.CryptoWorld, key, version string, alg crypt.Algorithm) {
		message, name := []byte("message to sign"), string(alg)
		raw := enginetest.MustInstance[*dkms.SignResponse](w, w.Client(), "Sign", &dkms.SignRequest{KeyId: key, Algorithm: name, Message: message})
		if raw.MessageType != "RAW" || raw.Algorithm != name {
			t.Errorf("Sign answers %q, %q", raw.MessageType, raw.Algorithm)
		}
		digest := digestFor(t, w, key, alg, message)
		public := enginetest.Must[crypto.AsymmetricSignResponse](w, w.Public(), "AsymmetricSign", &crypto.AsymmetricSignRequest{KeyId: &key, KeyVersionId: &version, Algorithm: &name, Digest: enginetest.Param(core.Base64Text(digest))})
		fromPublic, _ := base64.StdEncoding.DecodeString(public.Value)
		for from, sig := range map[string][]byte{"instance": raw.Signature, "public": fromPublic} {
			for _, flip := range []bool{false, true} {
				sig := bytes.Clone(sig)
				if flip {
					sig[len(sig)-1] ^= 1
				}
				verified := enginetest.Must[crypto.AsymmetricVerifyResponse](w, w.Public(), "AsymmetricVerify", &crypto.AsymmetricVerifyRequest{KeyId: &key, KeyVersionId: &version, Algorithm: &name, Digest: enginetest.Param(core.Base64Text(digest)), Value: enginetest.Param(core.Base64Text(sig))})
				byMessage := enginetest.MustInstance[*dkms.VerifyResponse](w, w.Client(), "Verify", &dkms.VerifyRequest{KeyId: key, Algorithm: name, Message: message, Signature: sig})
				byDigest := enginetest.MustInstance[*dkms.VerifyResponse](w, w.Client(), "Verify", &dkms.VerifyRequest{KeyId: key, Algorithm: name, Message: digest, MessageType: "DIGEST", Signature: sig})
				byOldField := enginetest.MustInstance[*dkms.VerifyResponse](w, w.Client(), "Verify", &dkms.VerifyRequest{KeyId: key, Algorithm: name, Digest: digest, Signature: sig})
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
func digestFor(t *testing.T, w *enginetest.CryptoWorld, key string, alg crypt.Algorithm, message []byte) []byte {
	t.Helper()
	if alg != crypt.SM2DSA {
		sum := sha256.Sum256(message)
		return sum[:]
	}
	u, err := crypto.UseKey(w.E, w.Public(), "AsymmetricSign", key, crypto.InitialVersion)
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
	w := enginetest.NewCryptoWorld(t)
	sum := sha256.Sum256([]byte("message"))
	for spec, verify := range map[string]func(public any, sig []byte) bool{
		"RSA_2048": func(p any, sig []byte) bool {
			return rsa.VerifyPSS(p.(*rsa.PublicKey), stdcrypto.SHA256, sum[:], sig, nil) == nil
		},
		"EC_P256": func(p any, sig []byte) bool { return ecdsa.VerifyASN1(p.(*ecdsa.PublicKey), sum[:], sig) },
	} {
		key := w.Key(w.Software, spec, "").KeyId
		answer := enginetest.Must[crypto.GetPublicKeyResponse](w, w.Public(), "GetPublicKey", &crypto.GetPublicKeyRequest{KeyId: &key, KeyVersionId: enginetest.Param(w.Version(key))})
		der, _ := base64.StdEncoding.DecodeString(enginetest.PemToDER(t, answer.PublicKey))
		public, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			t.Fatal(err)
		}
		c := w.Client()
		client := enginetest.MustInstance[*dkms.GetPublicKeyResponse](w, c, "GetPublicKey", &dkms.GetPublicKeyRequest{KeyId: key})
		if client.PublicKey != answer.PublicKey || c.KeyVersionID != w.Version(key) {
			t.Errorf("%s: the gateways' public keys differ", spec)
		}
		sig := enginetest.MustInstance[*dkms.SignResponse](w, w.Client(), "Sign", &dkms.SignRequest{KeyId: key, Message: []byte("message")})
		if !verify(public, sig.Signature) {
			t.Errorf("%s: the default signature does not verify outside", spec)
		}
	}
}

func TestAsymmetricParameters(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	other := w.Key(w.Software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	version, text, alg := w.Version(key), enginetest.Param("eA=="), enginetest.Param("RSAES_OAEP_SHA_256")
	for _, c := range []struct {
		name string
		in   crypto.AsymmetricEncryptRequest
		code string
	}{
		{"no key", crypto.AsymmetricEncryptRequest{KeyVersionId: &version, Algorithm: alg, Plaintext: text}, "MissingParameter"},
		{"no version", crypto.AsymmetricEncryptRequest{KeyId: &key, Algorithm: alg, Plaintext: text}, "MissingParameter"},
		{"no algorithm", crypto.AsymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Plaintext: text}, "MissingParameter"},
		{"no plaintext", crypto.AsymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: alg}, "MissingParameter"},
		{"a signature algorithm", crypto.AsymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: enginetest.Param("RSA_PSS_SHA_256"), Plaintext: text}, "InvalidParameter"},
		{"another pair's version", crypto.AsymmetricEncryptRequest{KeyId: &key, KeyVersionId: enginetest.Param(w.Version(other)), Algorithm: alg, Plaintext: text}, "Forbidden.KeyVersionNotFound"},
		{"191 bytes", crypto.AsymmetricEncryptRequest{KeyId: &key, KeyVersionId: &version, Algorithm: alg, Plaintext: enginetest.Param(core.Base64Text(make([]byte, 191)))}, "InvalidParameter"},
	} {
		_, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "AsymmetricEncrypt", &c.in)
		enginetest.RefusedWith(t, c.name, err, c.code)
	}
	aes := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	_, err := enginetest.Ask[crypto.GetPublicKeyResponse](w, w.Public(), "GetPublicKey", &crypto.GetPublicKeyRequest{KeyId: &aes, KeyVersionId: enginetest.Param(w.Version(aes))})
	enginetest.RefusedWith(t, "public key of a symmetric key", err, "UnsupportedOperation")
	sign := w.Key(w.Software, "EC_P256", "").KeyId
	for _, n := range []int{31, 33} {
		_, err := enginetest.Ask[crypto.AsymmetricSignResponse](w, w.Public(), "AsymmetricSign", &crypto.AsymmetricSignRequest{KeyId: &sign, KeyVersionId: enginetest.Param(w.Version(sign)), Algorithm: enginetest.Param("ECDSA_SHA_256"), Digest: enginetest.Param(core.Base64Text(make([]byte, n)))})
		enginetest.RefusedWith(t, "digest of another length", err, "InvalidParameter")
	}
}
