package crypto_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// TestGenerateRandomGivesSixtyFourBytes: "Length … Valid values: 1 to 64" (instance API, GenerateRandom, 2026-09).
func TestGenerateRandomGivesSixtyFourBytes(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	for length, refusal := range map[int32]string{-1: "InvalidParameter", 0: "MissingParameter", 1: "", 64: "", 65: "InvalidParameter", 1024: "InvalidParameter"} {
		out, err := enginetest.AskInstance[*dkms.GenerateRandomResponse](w, w.Client(), "GenerateRandom", &dkms.GenerateRandomRequest{Length: length})
		if refusal != "" {
			enginetest.RefusedWith(t, "GenerateRandom", err, refusal)
		} else if err != nil || len(out.Random) != int(length) {
			t.Errorf("%d bytes: %d, %v", length, len(out.GetRandom()), err)
		}
	}
}

// TestGetPublicKeyNeedsAVersion: its page requires KeyVersionId (client.go of kms-20160120/v3 v3.2.3).
func TestGetPublicKeyNeedsAVersion(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "EC_P256", "").KeyId
	_, err := enginetest.Ask[crypto.GetPublicKeyResponse](w, w.Public(), "GetPublicKey", &crypto.GetPublicKeyRequest{KeyId: &key})
	enginetest.RefusedWith(t, "without a version", err, "MissingParameter")
	enginetest.Must[crypto.GetPublicKeyResponse](w, w.Public(), "GetPublicKey", &crypto.GetPublicKeyRequest{KeyId: &key, KeyVersionId: enginetest.Param(w.Version(key))})
}

// TestReEncryptNamesKeysByID: ReEncrypt is not among the operations that take an alias (Responses.md: "Alias is not
// valid for this api.").
func TestReEncryptNamesKeysByID(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	o := "alias/k"
	enginetest.Must[core.Empty](w, w.Public(), "CreateAlias", &keys.AliasRequest{AliasName: &o, KeyId: &key})
	blob := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(o, []byte("x"))).CiphertextBlob
	for name, in := range map[string]*crypto.ReEncryptRequest{
		"destination": {CiphertextBlob: &blob, DestinationKeyId: &o},
		"source":      {CiphertextBlob: &blob, DestinationKeyId: &key, SourceKeyId: &o},
	} {
		_, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "ReEncrypt", in)
		enginetest.RefusedWith(t, name, err, "Unsupported.Alias")
	}
	enginetest.Must[crypto.EncryptResponse](w, w.Public(), "ReEncrypt", &crypto.ReEncryptRequest{CiphertextBlob: &blob, DestinationKeyId: &key, SourceKeyId: &key})
}

// TestReEncryptNeedsTwoPermissions: "kms:ReEncryptFrom on the source CMK, kms:ReEncryptTo on the destination CMK", or
// kms:ReEncrypt* for both (ReEncrypt).
func TestReEncryptNeedsTwoPermissions(t *testing.T) {
	for _, c := range []struct{ source, destination, refusal string }{
		{"kms:ReEncryptFrom", "kms:ReEncryptTo", ""},
		{"kms:ReEncrypt*", "kms:ReEncrypt*", ""},
		{"kms:ReEncryptTo", "kms:ReEncryptTo", "Forbidden.NoPermission"},
		{"kms:ReEncryptFrom", "kms:ReEncryptFrom", "Forbidden.NoPermission"},
	} {
		w := enginetest.NewCryptoWorld(t, func(o *core.Options) { o.Strict = true })
		from, to := w.Key(w.Software, "Aliyun_AES_256", "").KeyId, w.Key(w.Software, "Aliyun_AES_256", "").KeyId
		blob := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(from, []byte("x"))).CiphertextBlob
		for key, action := range map[string]string{from: c.source, to: c.destination} {
			w.SetKey(key, func(k *core.Key) {
				k.Policy = `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["*"]},"Action":["` + action + `"],"Resource":["*"]}]}`
			})
		}
		_, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "ReEncrypt", &crypto.ReEncryptRequest{CiphertextBlob: &blob, DestinationKeyId: &to})
		if c.refusal == "" && err != nil {
			t.Errorf("%v: %v", c, err)
		}
		if c.refusal != "" {
			enginetest.RefusedWith(t, c.source+" "+c.destination, err, c.refusal)
		}
	}
}

// TestAdvanceDecryptIsOfSoftwareInstances: the Advance operations serve symmetric keys of software instances only, plain
// ciphertext with its KeyId, Algorithm and Iv included (instance API, AdvanceDecrypt).
func TestAdvanceDecryptIsOfSoftwareInstances(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	for instance, refusal := range map[string]string{w.Software: "", w.Hardware: "UnsupportedOperation"} {
		c := w.Call(core.Instance, instance)
		c.ClientKey = enginetest.TestClientKey
		key := w.Key(instance, "Aliyun_AES_256", "").KeyId
		sealed := enginetest.MustInstance[*dkms.EncryptResponse](w, c, "Encrypt", &dkms.EncryptRequest{KeyId: key, Plaintext: []byte("x")})
		c = w.Call(core.Instance, instance)
		c.ClientKey = enginetest.TestClientKey
		_, err := enginetest.AskInstance[*dkms.AdvanceDecryptResponse](w, c, "AdvanceDecrypt", &dkms.AdvanceDecryptRequest{
			KeyId: key, CiphertextBlob: sealed.CiphertextBlob, Iv: sealed.Iv, Algorithm: sealed.Algorithm,
		})
		if refusal == "" && err != nil {
			t.Errorf("software: %v", err)
		}
		if refusal != "" {
			enginetest.RefusedWith(t, "hardware", err, refusal)
		}
	}
}
