package crypto_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// useOf is a request of one cryptographic operation on a key.
type useOf struct {
	name    string
	request any
	message proto.Message
}

// usesOf lists every operation that uses a symmetric, an encrypting and a signing
// key, ready to be refused for their state.
func usesOf(w *enginetest.CryptoWorld, aes, rsa, ec string) []useOf {
	rsaVersion, ecVersion := w.Version(rsa), w.Version(ec)
	blob := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(aes, []byte("x"))).CiphertextBlob
	advance := enginetest.MustInstance[*dkms.AdvanceEncryptResponse](w, w.Client(), "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: aes, Plaintext: []byte("x")})
	plain := enginetest.MustInstance[*dkms.EncryptResponse](w, w.Client(), "Encrypt", &dkms.EncryptRequest{KeyId: aes, Plaintext: []byte("x")})
	oaep, ecdsa, digest := enginetest.Param("RSAES_OAEP_SHA_256"), enginetest.Param("ECDSA_SHA_256"), enginetest.Param(core.Base64Text(make([]byte, 32)))
	public := enginetest.Param(enginetest.PemToDER(w, enginetest.Must[crypto.GetPublicKeyResponse](w, w.Public(), "GetPublicKey", &crypto.GetPublicKeyRequest{KeyId: &rsa, KeyVersionId: &rsaVersion}).PublicKey))
	return []useOf{
		{"Encrypt", encryptOf(aes, []byte("x")), nil},
		{"Decrypt", &crypto.DecryptRequest{CiphertextBlob: &blob}, nil},
		{"ReEncrypt", &crypto.ReEncryptRequest{CiphertextBlob: &blob, DestinationKeyId: &aes}, nil},
		{"GenerateDataKey", &crypto.DataKeyRequest{KeyId: &aes}, nil},
		{"GenerateDataKeyWithoutPlaintext", &crypto.DataKeyRequest{KeyId: &aes}, nil},
		{"ExportDataKey", &crypto.ExportDataKeyRequest{CiphertextBlob: &blob, PublicKeyBlob: public, WrappingAlgorithm: oaep, WrappingKeySpec: enginetest.Param("RSA_2048")}, nil},
		{"GenerateAndExportDataKey", &crypto.GenerateAndExportDataKeyRequest{KeyId: &aes, PublicKeyBlob: public, WrappingAlgorithm: oaep, WrappingKeySpec: enginetest.Param("RSA_2048")}, nil},
		{"AsymmetricEncrypt", &crypto.AsymmetricEncryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, Plaintext: enginetest.Param("eA==")}, nil},
		{"AsymmetricDecrypt", &crypto.AsymmetricDecryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, CiphertextBlob: enginetest.Param("eA==")}, nil},
		{"AsymmetricSign", &crypto.AsymmetricSignRequest{KeyId: &ec, KeyVersionId: &ecVersion, Algorithm: ecdsa, Digest: digest}, nil},
		{"AsymmetricVerify", &crypto.AsymmetricVerifyRequest{KeyId: &ec, KeyVersionId: &ecVersion, Algorithm: ecdsa, Digest: digest, Value: enginetest.Param("eA==")}, nil},
		{"GetPublicKey", &crypto.GetPublicKeyRequest{KeyId: &ec, KeyVersionId: &ecVersion}, nil},
		{"Encrypt", nil, &dkms.EncryptRequest{KeyId: aes, Plaintext: []byte("x")}},
		{"Decrypt", nil, &dkms.DecryptRequest{KeyId: aes, CiphertextBlob: plain.CiphertextBlob, Iv: plain.Iv}},
		{"AdvanceEncrypt", nil, &dkms.AdvanceEncryptRequest{KeyId: aes, Plaintext: []byte("x")}},
		{"AdvanceDecrypt", nil, &dkms.AdvanceDecryptRequest{CiphertextBlob: advance.CiphertextBlob}},
		{"GenerateDataKey", nil, &dkms.GenerateDataKeyRequest{KeyId: aes, NumberOfBytes: 16}},
		{"AdvanceGenerateDataKey", nil, &dkms.AdvanceGenerateDataKeyRequest{KeyId: aes, NumberOfBytes: 16}},
		{"GenerateDataKeyPair", nil, &dkms.GenerateDataKeyPairRequest{KeyId: aes, KeyPairSpec: "EC_P256"}},
		{"GenerateDataKeyPairWithoutPlaintext", nil, &dkms.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: aes, KeyPairSpec: "EC_P256"}},
		{"AdvanceGenerateDataKeyPair", nil, &dkms.AdvanceGenerateDataKeyPairRequest{KeyId: aes, KeyPairSpec: "EC_P256"}},
		{"AdvanceGenerateDataKeyPairWithoutPlaintext", nil, &dkms.AdvanceGenerateDataKeyPairWithoutPlaintextRequest{KeyId: aes, KeyPairSpec: "EC_P256"}},
		{"Sign", nil, &dkms.SignRequest{KeyId: ec, Message: []byte("x")}},
		{"Verify", nil, &dkms.VerifyRequest{KeyId: ec, Message: []byte("x"), Signature: []byte("x")}},
		{"GetPublicKey", nil, &dkms.GetPublicKeyRequest{KeyId: ec}},
	}
}

func (u useOf) run(w *enginetest.CryptoWorld) error {
	if u.message != nil {
		_, err := engine.InstanceOperations()[u.name].Handle(w.E, w.Client(), u.message)
		return err
	}
	_, err := engine.Operations()[u.name].Handle(w.E, w.Public(), u.request)
	return err
}

func (u useOf) title() string {
	if u.message != nil {
		return "instance " + u.name
	}
	return u.name
}

func TestKeyStatesRefuseEveryUse(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	aes := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	rsa := w.Key(w.Software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	ec := w.Key(w.Software, "EC_P256", "SIGN/VERIFY").KeyId
	uses := usesOf(w, aes, rsa, ec)
	for _, u := range uses {
		if err := u.run(w); err != nil && u.name != "AsymmetricDecrypt" {
			t.Errorf("%s on enabled keys: %v", u.title(), err)
		}
	}
	for state, code := range map[string]string{
		core.StateDisabled: "Rejected.Disabled", core.StatePendingDeletion: "Rejected.PendingDeletion", core.StatePendingImport: "Rejected.PendingImport",
	} {
		for _, id := range []string{aes, rsa, ec} {
			w.SetKey(id, func(k *core.Key) { k.State = state })
		}
		for _, u := range uses {
			enginetest.RefusedWith(t, u.title()+" in "+state, u.run(w), code)
		}
	}
}

func TestUnreachableInstanceRefusesEveryUse(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	aes := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	rsa := w.Key(w.Software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	ec := w.Key(w.Software, "EC_P256", "SIGN/VERIFY").KeyId
	uses := usesOf(w, aes, rsa, ec)
	w.SetInstance(w.Software, func(i *core.KMSInstance) { i.PublicAccess = false })
	for _, u := range uses {
		err := u.run(w)
		if u.message == nil {
			enginetest.RefusedWith(t, u.title()+" without public access", err, "UnsupportedOperation")
		} else if err != nil {
			t.Errorf("%s without public access: %v", u.title(), err)
		}
	}
	if _, err := enginetest.Ask[crypto.EncryptResponse](w, w.Dedicated(), "Encrypt", encryptOf(aes, []byte("x"))); err != nil {
		t.Errorf("dedicated without public access: %v", err)
	}
	w.SetInstance(w.Software, func(i *core.KMSInstance) { i.Status = "Error" })
	for _, u := range uses {
		enginetest.RefusedWith(t, u.title()+" on a broken instance", u.run(w), "Rejected.Unavailable")
	}
}
