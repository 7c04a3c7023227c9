package kms

import (
	"context"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// GenerateDataKey implements Cryptographer with AdvanceGenerateDataKey, which
// follows rotation; the plain operation stays with the key's initial version.
func (c *ClientKey) GenerateDataKey(ctx context.Context, keyID string, n int, encryptionContext map[string]string) (DataKey, error) {
	const operation = "AdvanceGenerateDataKey"
	in := &dkms.AdvanceGenerateDataKeyRequest{KeyId: keyResource(keyID), NumberOfBytes: int32(n),
		Aad: contextAAD(encryptionContext, c.aad)}
	var out dkms.AdvanceGenerateDataKeyResponse
	version, err := c.call(ctx, operation, in.KeyId, "", in, &out)
	if err != nil {
		return DataKey{}, err
	}
	if len(out.Plaintext) != n || len(out.CiphertextBlob) == 0 {
		return DataKey{}, c.incomplete(operation, in.KeyId, "data key of the length asked for")
	}
	w := c.wrapped(out.KeyId, firstOf(out.KeyVersionId, version), out.CiphertextBlob, out.Iv, out.Algorithm, "")
	return DataKey{KeyID: w.KeyID, KeyVersionID: w.KeyVersionID, Plaintext: SecretBytes(out.Plaintext),
		Blob: w.Blob, Protocol: w.Protocol, Algorithm: w.Algorithm, IV: w.IV}, nil
}

// Encrypt implements Cryptographer with AdvanceEncrypt.
func (c *ClientKey) Encrypt(ctx context.Context, keyID string, plaintext []byte, encryptionContext map[string]string) (Wrapped, error) {
	const operation = "AdvanceEncrypt"
	in := &dkms.AdvanceEncryptRequest{KeyId: keyResource(keyID), Plaintext: plaintext, Aad: contextAAD(encryptionContext, c.aad)}
	var out dkms.AdvanceEncryptResponse
	version, err := c.call(ctx, operation, in.KeyId, "", in, &out)
	if err != nil {
		return Wrapped{}, err
	}
	if len(out.CiphertextBlob) == 0 {
		return Wrapped{}, c.incomplete(operation, in.KeyId, "CiphertextBlob")
	}
	w := c.wrapped(out.KeyId, firstOf(out.KeyVersionId, version), out.CiphertextBlob, out.Iv, out.Algorithm, out.PaddingMode)
	w.Size = len(plaintext)
	return w, nil
}

// wrapped stores a ciphertext in the one form for all gateways. Ciphertext that
// does not describe itself keeps its loose fields.
func (c *ClientKey) wrapped(keyID, version string, blob, iv []byte, algorithm, padding string) Wrapped {
	if len(blob) > 0 && blob[0] == '$' {
		blob = openAPIBlob(blob)
		if id, err := blobVersionID(blob); err == nil && version == "" {
			version = id
		}
		return Wrapped{KeyID: keyID, KeyVersionID: version, Blob: blob, Protocol: ProtocolAdvance}
	}
	return Wrapped{KeyID: keyID, KeyVersionID: version, Blob: blob, Protocol: ProtocolPlain,
		Algorithm: algorithm, IV: iv, PaddingMode: padding}
}

// Decrypt implements Cryptographer with AdvanceDecrypt, which also opens
// ciphertext of the plain operations: then key, algorithm and IV are sent.
func (c *ClientKey) Decrypt(ctx context.Context, w Wrapped, encryptionContext map[string]string) ([]byte, string, error) {
	keyID := keyResource(w.KeyID)
	in := &dkms.AdvanceDecryptRequest{CiphertextBlob: w.Blob, Aad: contextAAD(encryptionContext, c.aad)}
	if w.Algorithm != "" {
		in.KeyId, in.Algorithm, in.Iv, in.PaddingMode = keyID, w.Algorithm, w.IV, w.PaddingMode
	} else {
		blob, err := advanceBlob(w.Blob)
		if err != nil {
			return nil, "", c.badBlob(keyID, err)
		}
		in.CiphertextBlob = blob
	}
	var out dkms.AdvanceDecryptResponse
	version, err := c.call(ctx, "AdvanceDecrypt", keyID, "", in, &out)
	if err != nil {
		return nil, "", err
	}
	plaintext, err := sized(out.Plaintext, w.Size)
	if err != nil {
		return nil, "", c.badBlob(keyID, err)
	}
	return plaintext, firstOf(out.KeyVersionId, version, w.KeyVersionID), nil
}

// Sign implements Cryptographer.
func (c *ClientKey) Sign(ctx context.Context, in SignInput) (Signature, error) {
	req := &dkms.SignRequest{KeyId: keyResource(in.KeyID), Algorithm: in.Algorithm, Message: in.Message, MessageType: messageType(in)}
	var out dkms.SignResponse
	version, err := c.call(ctx, "Sign", req.KeyId, in.VersionID, req, &out)
	if err != nil {
		return Signature{}, err
	}
	if len(out.Signature) == 0 {
		return Signature{}, c.incomplete("Sign", req.KeyId, "Signature")
	}
	return Signature{KeyID: out.KeyId, KeyVersionID: firstOf(version, in.VersionID), Value: out.Signature}, nil
}

// Verify implements Cryptographer.
func (c *ClientKey) Verify(ctx context.Context, in SignInput, signature []byte) (bool, error) {
	req := &dkms.VerifyRequest{KeyId: keyResource(in.KeyID), Algorithm: in.Algorithm, Message: in.Message,
		MessageType: messageType(in), Signature: signature}
	var out dkms.VerifyResponse
	_, err := c.call(ctx, "Verify", req.KeyId, in.VersionID, req, &out)
	return out.Value, err
}

func messageType(in SignInput) string {
	if in.Digest {
		return "DIGEST"
	}
	return "RAW"
}

// GetPublicKey implements Cryptographer.
func (c *ClientKey) GetPublicKey(ctx context.Context, keyID, versionID string) (PublicKey, error) {
	in := &dkms.GetPublicKeyRequest{KeyId: keyResource(keyID)}
	var out dkms.GetPublicKeyResponse
	version, err := c.call(ctx, "GetPublicKey", in.KeyId, versionID, in, &out)
	if err != nil {
		return PublicKey{}, err
	}
	return PublicKey{KeyID: out.KeyId, KeyVersionID: firstOf(version, versionID), PEM: out.PublicKey}, nil
}

// GenerateRandom implements Cryptographer.
func (c *ClientKey) GenerateRandom(ctx context.Context, n int) (Secret, error) {
	var out dkms.GenerateRandomResponse
	if _, err := c.call(ctx, "GenerateRandom", "", "", &dkms.GenerateRandomRequest{Length: int32(n)}, &out); err != nil {
		return Secret{}, err
	}
	if len(out.Random) != n {
		return Secret{}, c.incomplete("GenerateRandom", "", "random bytes of the length asked for")
	}
	return SecretBytes(out.Random), nil
}

// GetSecretValue implements Cryptographer.
func (c *ClientKey) GetSecretValue(ctx context.Context, query SecretValueQuery) (SecretValue, error) {
	in := &dkms.GetSecretValueRequest{SecretName: query.Name, FetchExtendedConfig: query.FetchExtendedConfig}
	if query.VersionID != nil {
		in.VersionId = *query.VersionID
	}
	if query.Stage != nil {
		in.VersionStage = *query.Stage
	}
	var out dkms.GetSecretValueResponse
	if _, err := c.call(ctx, "GetSecretValue", query.Name, "", in, &out); err != nil {
		return SecretValue{}, err
	}
	return SecretValue{
		Name: out.SecretName, Type: out.SecretType, Data: NewSecret(out.SecretData), DataType: out.SecretDataType,
		VersionID: out.VersionId, Stages: out.VersionStages, Created: parseTime(out.CreateTime),
		ExtendedConfig: out.ExtendedConfig, AutomaticRotation: out.AutomaticRotation,
		RotationInterval: parseDuration(out.RotationInterval),
		LastRotation:     parseTime(out.LastRotationDate), NextRotation: parseTime(out.NextRotationDate),
	}, nil
}

// GenerateDataKeyPair implements Cryptographer with the Advance operations. The
// gateway works on one such request at a time.
func (c *ClientKey) GenerateDataKeyPair(ctx context.Context, in DataKeyPairInput) (DataKeyPair, error) {
	keyID, aad := keyResource(in.KeyID), contextAAD(in.Context, c.aad)
	if in.WithoutPlaintext {
		var out dkms.AdvanceGenerateDataKeyPairWithoutPlaintextResponse
		version, err := c.call(ctx, "AdvanceGenerateDataKeyPairWithoutPlaintext", keyID, "",
			&dkms.AdvanceGenerateDataKeyPairWithoutPlaintextRequest{KeyId: keyID, KeyPairSpec: in.Spec, KeyFormat: in.Format, Aad: aad}, &out)
		if err != nil {
			return DataKeyPair{}, err
		}
		w := c.wrapped(out.KeyId, firstOf(out.KeyVersionId, version), out.PrivateKeyCiphertextBlob, out.Iv, out.Algorithm, "")
		return DataKeyPair{KeyID: w.KeyID, KeyVersionID: w.KeyVersionID, Spec: out.KeyPairSpec, PublicKey: out.PublicKey, Wrapped: w}, nil
	}
	var out dkms.AdvanceGenerateDataKeyPairResponse
	version, err := c.call(ctx, "AdvanceGenerateDataKeyPair", keyID, "",
		&dkms.AdvanceGenerateDataKeyPairRequest{KeyId: keyID, KeyPairSpec: in.Spec, KeyFormat: in.Format, Aad: aad}, &out)
	if err != nil {
		return DataKeyPair{}, err
	}
	w := c.wrapped(out.KeyId, firstOf(out.KeyVersionId, version), out.PrivateKeyCiphertextBlob, out.Iv, out.Algorithm, "")
	w.Size = len(out.PrivateKeyPlaintext)
	return DataKeyPair{KeyID: w.KeyID, KeyVersionID: w.KeyVersionID, Spec: out.KeyPairSpec, PublicKey: out.PublicKey,
		PrivateKey: SecretBytes(out.PrivateKeyPlaintext), Wrapped: w}, nil
}
