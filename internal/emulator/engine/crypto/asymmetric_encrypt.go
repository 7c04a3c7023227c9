package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

type AsymmetricEncryptRequest struct{ KeyId, KeyVersionId, Algorithm, Plaintext, DryRun *string }

// asymmetricEncrypt encrypts with a public key (KMS: AsymmetricEncrypt; limits in
// package crypt). The ciphertext is the algorithm's own, without a header.
func asymmetricEncrypt(e *core.Engine, c *core.Call, in *AsymmetricEncryptRequest) (*EncryptResponse, error) {
	out, err := doAsymmetricEncrypt(e, c, in)
	return core.Rehearse(in.DryRun, out, err)
}

func doAsymmetricEncrypt(e *core.Engine, c *core.Call, in *AsymmetricEncryptRequest) (*EncryptResponse, error) {
	plaintext, err := core.DecodeParam(in.Plaintext, "Plaintext")
	if err != nil {
		return nil, err
	}
	u, alg, err := usePair(e, c, "AsymmetricEncrypt", crypt.UsageEncrypt, pairNames(), in.KeyId, in.KeyVersionId, in.Algorithm)
	if err != nil {
		return nil, err
	}
	ciphertext, err := u.Encrypt(e.Rand, alg, plaintext, crypt.Params{})
	if err != nil {
		return nil, cryptRefusal(err, "Plaintext")
	}
	return &EncryptResponse{CiphertextBlob: core.Base64Text(ciphertext), KeyId: u.key.ID, KeyVersionId: u.version}, nil
}

type AsymmetricDecryptRequest struct{ KeyId, KeyVersionId, Algorithm, CiphertextBlob, DryRun *string }

// asymmetricDecrypt decrypts with a private key (KMS: AsymmetricDecrypt).
func asymmetricDecrypt(e *core.Engine, c *core.Call, in *AsymmetricDecryptRequest) (*DecryptResponse, error) {
	plaintext, u, err := openAsymmetric(e, c, "AsymmetricDecrypt", pairNames(), in.KeyId, in.KeyVersionId, in.Algorithm, in.CiphertextBlob)
	if err != nil {
		return core.Rehearse[DecryptResponse](in.DryRun, nil, err)
	}
	return core.Rehearse(in.DryRun, &DecryptResponse{KeyId: u.key.ID, KeyVersionId: u.version, Plaintext: core.Base64Text(plaintext)}, nil)
}

// openAsymmetric decrypts with a private key, for AsymmetricDecrypt and ReEncrypt.
func openAsymmetric(e *core.Engine, c *core.Call, op string, names asymmetricNames, keyID, versionID, algorithm, ciphertext *string) ([]byte, keyUse, error) {
	data, err := core.DecodeParam(ciphertext, "CiphertextBlob")
	if err != nil {
		return nil, keyUse{}, err
	}
	u, alg, err := usePair(e, c, op, crypt.UsageEncrypt, names, keyID, versionID, algorithm)
	if err != nil {
		return nil, keyUse{}, err
	}
	plaintext, err := u.Decrypt(alg, data, crypt.Params{})
	return plaintext, u, cryptRefusal(err, "CiphertextBlob")
}
