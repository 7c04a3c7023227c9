package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

type EncryptRequest struct {
	KeyId, Plaintext  *string
	EncryptionContext core.JSONMap
	DryRun            *string
}

type EncryptResponse struct{ CiphertextBlob, KeyId, KeyVersionId string }

// encrypt encrypts at most 6,144 bytes under the primary version (KMS: Encrypt).
func encrypt(e *core.Engine, c *core.Call, in *EncryptRequest) (*EncryptResponse, error) {
	out, err := doEncrypt(e, c, in)
	return core.Rehearse(in.DryRun, out, err)
}

func doEncrypt(e *core.Engine, c *core.Call, in *EncryptRequest) (*EncryptResponse, error) {
	plaintext, err := core.Required("Plaintext", in.Plaintext)
	if err != nil {
		return nil, err
	}
	if len(Unpacked([]byte(plaintext))) > core.PlaintextLimit {
		return nil, core.ErrTooLong("Plaintext")
	}
	return sealPublic(e, c, "Encrypt", core.Text(in.KeyId), []byte(plaintext), in.EncryptionContext, "EncryptionContext")
}

// sealPublic encrypts under a symmetric key's primary version and encodes the
// public gateway's blob.
func sealPublic(e *core.Engine, c *core.Call, op, keyID string, plaintext []byte, context core.JSONMap, contextName string) (*EncryptResponse, error) {
	aad, err := contextAAD(context, contextName)
	if err != nil {
		return nil, err
	}
	u, err := UseKey(e, c, op, keyID, primaryVersion)
	if err != nil {
		return nil, err
	}
	if err := u.symmetricOnly(); err != nil {
		return nil, err
	}
	blob, err := seal(e, u, plaintext, aad)
	if err != nil {
		return nil, err
	}
	data, err := blob.Public()
	if err != nil {
		return nil, err
	}
	return &EncryptResponse{CiphertextBlob: core.Base64Text(data), KeyId: u.key.ID, KeyVersionId: u.version}, nil
}

type DecryptRequest struct {
	CiphertextBlob    *string
	EncryptionContext core.JSONMap
	DryRun            *string
}

type DecryptResponse struct{ KeyId, KeyVersionId, Plaintext string }

// decrypt finds the key version in the blob (KMS: Decrypt).
func decrypt(e *core.Engine, c *core.Call, in *DecryptRequest) (*DecryptResponse, error) {
	plaintext, u, err := openPublic(e, c, "Decrypt", in.CiphertextBlob, in.EncryptionContext, "EncryptionContext")
	if err != nil {
		return core.Rehearse[DecryptResponse](in.DryRun, nil, err)
	}
	return core.Rehearse(in.DryRun, &DecryptResponse{KeyId: u.key.ID, KeyVersionId: u.version, Plaintext: packed(plaintext)}, nil)
}

// openPublic decrypts a public gateway's blob. Refusals: MissingParameter;
// InvalidParameter for what is no blob, was tampered with or has another context;
// Forbidden.KeyNotFound.
func openPublic(e *core.Engine, c *core.Call, op string, ciphertext *string, context core.JSONMap, contextName string) ([]byte, keyUse, error) {
	data, err := core.DecodeParam(ciphertext, "CiphertextBlob")
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
	u, err := useVersion(e, c, op, blob.Version)
	if err != nil {
		return nil, keyUse{}, err
	}
	if err := u.symmetricOnly(); err != nil {
		return nil, keyUse{}, err
	}
	plaintext, err := u.open(blob, aad)
	return plaintext, u, cryptRefusal(err, "CiphertextBlob")
}
