package engine

import "kmsplan.dev/kmsplan/internal/emulator/crypt"

type encryptRequest struct {
	KeyId, Plaintext  *string
	EncryptionContext JSONMap
	DryRun            *string
}

type encryptResponse struct{ CiphertextBlob, KeyId, KeyVersionId string }

// encrypt encrypts at most 6,144 bytes under the primary version (KMS: Encrypt).
func (e *Engine) encrypt(c *Call, in *encryptRequest) (*encryptResponse, error) {
	out, err := e.doEncrypt(c, in)
	return rehearse(in.DryRun, out, err)
}

func (e *Engine) doEncrypt(c *Call, in *encryptRequest) (*encryptResponse, error) {
	plaintext, err := required("Plaintext", in.Plaintext)
	if err != nil {
		return nil, err
	}
	if len(unpacked([]byte(plaintext))) > plaintextLimit {
		return nil, errTooLong("Plaintext")
	}
	return e.sealPublic(c, "Encrypt", text(in.KeyId), []byte(plaintext), in.EncryptionContext, "EncryptionContext")
}

// sealPublic encrypts under a symmetric key's primary version and encodes the
// public gateway's blob.
func (e *Engine) sealPublic(c *Call, op, keyID string, plaintext []byte, context JSONMap, contextName string) (*encryptResponse, error) {
	aad, err := contextAAD(context, contextName)
	if err != nil {
		return nil, err
	}
	u, err := e.useKey(c, op, keyID, primaryVersion)
	if err != nil {
		return nil, err
	}
	if err := u.symmetricOnly(); err != nil {
		return nil, err
	}
	blob, err := e.seal(u, plaintext, aad)
	if err != nil {
		return nil, err
	}
	data, err := blob.Public()
	if err != nil {
		return nil, err
	}
	return &encryptResponse{CiphertextBlob: base64Text(data), KeyId: u.key.ID, KeyVersionId: u.version}, nil
}

type decryptRequest struct {
	CiphertextBlob    *string
	EncryptionContext JSONMap
	DryRun            *string
}

type decryptResponse struct{ KeyId, KeyVersionId, Plaintext string }

// decrypt finds the key version in the blob (KMS: Decrypt).
func (e *Engine) decrypt(c *Call, in *decryptRequest) (*decryptResponse, error) {
	plaintext, u, err := e.openPublic(c, "Decrypt", in.CiphertextBlob, in.EncryptionContext, "EncryptionContext")
	if err != nil {
		return rehearse[decryptResponse](in.DryRun, nil, err)
	}
	return rehearse(in.DryRun, &decryptResponse{KeyId: u.key.ID, KeyVersionId: u.version, Plaintext: packed(plaintext)}, nil)
}

// openPublic decrypts a public gateway's blob. Refusals: MissingParameter;
// InvalidParameter for what is no blob, was tampered with or has another context;
// Forbidden.KeyNotFound.
func (e *Engine) openPublic(c *Call, op string, ciphertext *string, context JSONMap, contextName string) ([]byte, keyUse, error) {
	data, err := decodeParam(ciphertext, "CiphertextBlob")
	if err != nil {
		return nil, keyUse{}, err
	}
	aad, err := contextAAD(context, contextName)
	if err != nil {
		return nil, keyUse{}, err
	}
	blob, err := crypt.ParsePublic(data)
	if err != nil {
		return nil, keyUse{}, cryptRefusal(err, "CiphertextBlob")
	}
	u, err := e.useVersion(c, op, blob.Version)
	if err != nil {
		return nil, keyUse{}, err
	}
	if err := u.symmetricOnly(); err != nil {
		return nil, keyUse{}, err
	}
	plaintext, err := u.open(blob, aad)
	return plaintext, u, cryptRefusal(err, "CiphertextBlob")
}
