package engine

import "kmsplan.dev/kmsplan/internal/emulator/crypt"

type asymmetricEncryptRequest struct{ KeyId, KeyVersionId, Algorithm, Plaintext, DryRun *string }

// asymmetricEncrypt encrypts with a public key (KMS: AsymmetricEncrypt; limits in
// package crypt). The ciphertext is the algorithm's own, without a header.
func (e *Engine) asymmetricEncrypt(c *Call, in *asymmetricEncryptRequest) (*encryptResponse, error) {
	out, err := e.doAsymmetricEncrypt(c, in)
	return rehearse(in.DryRun, out, err)
}

func (e *Engine) doAsymmetricEncrypt(c *Call, in *asymmetricEncryptRequest) (*encryptResponse, error) {
	plaintext, err := decodeParam(in.Plaintext, "Plaintext")
	if err != nil {
		return nil, err
	}
	u, alg, err := e.usePair(c, "AsymmetricEncrypt", crypt.UsageEncrypt, pairNames(), in.KeyId, in.KeyVersionId, in.Algorithm)
	if err != nil {
		return nil, err
	}
	ciphertext, err := u.Encrypt(e.rand, alg, plaintext, crypt.Params{})
	if err != nil {
		return nil, cryptRefusal(err, "Plaintext")
	}
	return &encryptResponse{CiphertextBlob: base64Text(ciphertext), KeyId: u.key.ID, KeyVersionId: u.version}, nil
}

type asymmetricDecryptRequest struct{ KeyId, KeyVersionId, Algorithm, CiphertextBlob, DryRun *string }

// asymmetricDecrypt decrypts with a private key (KMS: AsymmetricDecrypt).
func (e *Engine) asymmetricDecrypt(c *Call, in *asymmetricDecryptRequest) (*decryptResponse, error) {
	plaintext, u, err := e.openAsymmetric(c, "AsymmetricDecrypt", pairNames(), in.KeyId, in.KeyVersionId, in.Algorithm, in.CiphertextBlob)
	if err != nil {
		return rehearse[decryptResponse](in.DryRun, nil, err)
	}
	return rehearse(in.DryRun, &decryptResponse{KeyId: u.key.ID, KeyVersionId: u.version, Plaintext: base64Text(plaintext)}, nil)
}

// openAsymmetric decrypts with a private key, for AsymmetricDecrypt and ReEncrypt.
func (e *Engine) openAsymmetric(c *Call, op string, names asymmetricNames, keyID, versionID, algorithm, ciphertext *string) ([]byte, keyUse, error) {
	data, err := decodeParam(ciphertext, "CiphertextBlob")
	if err != nil {
		return nil, keyUse{}, err
	}
	u, alg, err := e.usePair(c, op, crypt.UsageEncrypt, names, keyID, versionID, algorithm)
	if err != nil {
		return nil, keyUse{}, err
	}
	plaintext, err := u.Decrypt(alg, data, crypt.Params{})
	return plaintext, u, cryptRefusal(err, "CiphertextBlob")
}
