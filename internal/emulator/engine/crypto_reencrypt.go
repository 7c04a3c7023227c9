package engine

type reEncryptRequest struct {
	CiphertextBlob, DestinationKeyId                           *string
	SourceKeyId, SourceKeyVersionId, SourceEncryptionAlgorithm *string
	SourceEncryptionContext, DestinationEncryptionContext      JSONMap
	DryRun                                                     *string
}

// reEncrypt moves ciphertext of a symmetric or asymmetric key under a symmetric
// one; the plaintext never leaves (KMS: ReEncrypt, shared gateway only). The key
// and version it answers are those that decrypted the source.
func (e *Engine) reEncrypt(c *Call, in *reEncryptRequest) (*encryptResponse, error) {
	out, err := e.doReEncrypt(c, in)
	return rehearse(in.DryRun, out, err)
}

func (e *Engine) doReEncrypt(c *Call, in *reEncryptRequest) (*encryptResponse, error) {
	destination, err := required("DestinationKeyId", in.DestinationKeyId)
	if err != nil {
		return nil, err
	}
	plaintext, source, err := e.openSource(c, in)
	if err != nil {
		return nil, err
	}
	out, err := e.sealPublic(c, "ReEncrypt", destination, plaintext, in.DestinationEncryptionContext, "DestinationEncryptionContext")
	if err != nil {
		return nil, err
	}
	out.KeyId, out.KeyVersionId = source.key.ID, source.version
	return out, nil
}

// openSource decrypts the source: an asymmetric ciphertext when an algorithm or a
// version is named, a blob otherwise. A source key named beside a blob must be
// the blob's.
func (e *Engine) openSource(c *Call, in *reEncryptRequest) ([]byte, keyUse, error) {
	if in.SourceEncryptionAlgorithm != nil || in.SourceKeyVersionId != nil {
		plaintext, u, err := e.openAsymmetric(c, "ReEncrypt", asymmetricNames{"SourceKeyId", "SourceKeyVersionId", "SourceEncryptionAlgorithm"},
			in.SourceKeyId, in.SourceKeyVersionId, in.SourceEncryptionAlgorithm, in.CiphertextBlob)
		return []byte(base64Text(plaintext)), u, err
	}
	plaintext, u, err := e.openPublic(c, "ReEncrypt", in.CiphertextBlob, in.SourceEncryptionContext, "SourceEncryptionContext")
	if err != nil || text(in.SourceKeyId) == "" {
		return plaintext, u, err
	}
	named, err := e.useKey(c, "ReEncrypt", *in.SourceKeyId, initialVersion)
	if err != nil {
		return nil, u, err
	}
	if named.key.ID != u.key.ID {
		return nil, u, errInvalidParameter("SourceKeyId")
	}
	return plaintext, u, nil
}
