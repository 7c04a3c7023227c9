package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

type ReEncryptRequest struct {
	CiphertextBlob, DestinationKeyId                           *string
	SourceKeyId, SourceKeyVersionId, SourceEncryptionAlgorithm *string
	SourceEncryptionContext, DestinationEncryptionContext      core.JSONMap
	DryRun                                                     *string
}

// reEncrypt moves ciphertext of a symmetric or asymmetric key under a symmetric
// one; the plaintext never leaves (KMS: ReEncrypt, shared gateway only). The key
// and version it answers are those that decrypted the source.
func reEncrypt(e *core.Engine, c *core.Call, in *ReEncryptRequest) (*EncryptResponse, error) {
	out, err := doReEncrypt(e, c, in)
	return core.Rehearse(in.DryRun, out, err)
}

// The permissions that ReEncrypt asks for: on the source key and on the destination
// (KMS: ReEncrypt).
const (
	reencryptFrom = "ReEncryptFrom"
	reencryptTo   = "ReEncryptTo"
)

func doReEncrypt(e *core.Engine, c *core.Call, in *ReEncryptRequest) (*EncryptResponse, error) {
	destination, err := core.Required("DestinationKeyId", in.DestinationKeyId)
	if err != nil {
		return nil, err
	}
	for _, id := range []string{destination, core.Text(in.SourceKeyId)} {
		if err := core.NoAlias(id); err != nil {
			return nil, err
		}
	}
	plaintext, source, err := openSource(e, c, in)
	if err != nil {
		return nil, err
	}
	out, err := sealPublic(e, c, reencryptTo, destination, plaintext, in.DestinationEncryptionContext, "DestinationEncryptionContext")
	if err != nil {
		return nil, err
	}
	out.KeyId, out.KeyVersionId = source.key.ID, source.version
	return out, nil
}

// openSource decrypts the source: an asymmetric ciphertext when an algorithm or a
// version is named, a blob otherwise. A source key named beside a blob must be
// the blob's.
func openSource(e *core.Engine, c *core.Call, in *ReEncryptRequest) ([]byte, keyUse, error) {
	if in.SourceEncryptionAlgorithm != nil || in.SourceKeyVersionId != nil {
		plaintext, u, err := openAsymmetric(e, c, reencryptFrom, asymmetricNames{"SourceKeyId", "SourceKeyVersionId", "SourceEncryptionAlgorithm"},
			in.SourceKeyId, in.SourceKeyVersionId, in.SourceEncryptionAlgorithm, in.CiphertextBlob)
		return []byte(core.Base64Text(plaintext)), u, err
	}
	plaintext, u, err := openPublic(e, c, reencryptFrom, in.CiphertextBlob, in.SourceEncryptionContext, "SourceEncryptionContext")
	if err != nil || core.Text(in.SourceKeyId) == "" {
		return plaintext, u, err
	}
	named, err := UseKey(e, c, reencryptFrom, *in.SourceKeyId, InitialVersion)
	if err != nil {
		return nil, u, err
	}
	if named.key.ID != u.key.ID {
		return nil, u, core.ErrInvalidParameter("SourceKeyId")
	}
	return plaintext, u, nil
}
