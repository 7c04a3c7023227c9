package clientkey

import (
	"cmp"
	"context"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// GenerateDataKey implements Cryptographer with AdvanceGenerateDataKey, which
// follows rotation; the plain operation stays with the key's initial version.
func (c *Client) GenerateDataKey(ctx context.Context, keyID string, n int, encryptionContext map[string]string) (kms.DataKey, error) {
	const operation = "AdvanceGenerateDataKey"
	in := &dkms.AdvanceGenerateDataKeyRequest{KeyId: keyResource(keyID), NumberOfBytes: int32(n),
		Aad: ciphertext.AAD(encryptionContext, c.aad)}
	var out dkms.AdvanceGenerateDataKeyResponse
	version, err := c.call(ctx, operation, in.KeyId, "", in, &out)
	if err != nil {
		return kms.DataKey{}, err
	}
	if (len(out.Plaintext) != n || len(out.CiphertextBlob) == 0) && !safety.Off(safety.DataKeyWhole) {
		return kms.DataKey{}, c.incomplete(operation, in.KeyId, "data key of the length asked for")
	}
	w := c.wrapped(out.KeyId, cmp.Or(out.KeyVersionId, version), out.CiphertextBlob, out.Iv, out.Algorithm, "")
	return kms.DataKey{KeyID: w.KeyID, KeyVersionID: w.KeyVersionID, Plaintext: kms.SecretBytes(out.Plaintext),
		Blob: w.Blob, Protocol: w.Protocol, Algorithm: w.Algorithm, IV: w.IV}, nil
}

// Encrypt implements Cryptographer with AdvanceEncrypt.
func (c *Client) Encrypt(ctx context.Context, keyID string, plaintext []byte, encryptionContext map[string]string) (kms.Wrapped, error) {
	const operation = "AdvanceEncrypt"
	in := &dkms.AdvanceEncryptRequest{KeyId: keyResource(keyID), Plaintext: plaintext, Aad: ciphertext.AAD(encryptionContext, c.aad)}
	var out dkms.AdvanceEncryptResponse
	version, err := c.call(ctx, operation, in.KeyId, "", in, &out)
	if err != nil {
		return kms.Wrapped{}, err
	}
	if len(out.CiphertextBlob) == 0 {
		return kms.Wrapped{}, c.incomplete(operation, in.KeyId, "CiphertextBlob")
	}
	w := c.wrapped(out.KeyId, cmp.Or(out.KeyVersionId, version), out.CiphertextBlob, out.Iv, out.Algorithm, out.PaddingMode)
	w.Size = len(plaintext)
	return w, nil
}

// wrapped stores a ciphertext in the one form for all gateways. Ciphertext that
// does not describe itself keeps its loose fields.
func (c *Client) wrapped(keyID, version string, blob, iv []byte, algorithm, padding string) kms.Wrapped {
	if len(blob) > 0 && blob[0] == '$' {
		blob = ciphertext.OpenAPI(blob)
		if id, err := ciphertext.VersionID(blob); err == nil && version == "" {
			version = id
		}
		return kms.Wrapped{KeyID: keyID, KeyVersionID: version, Blob: blob, Protocol: kms.ProtocolAdvance}
	}
	return kms.Wrapped{KeyID: keyID, KeyVersionID: version, Blob: blob, Protocol: kms.ProtocolPlain,
		Algorithm: algorithm, IV: iv, PaddingMode: padding}
}

// Decrypt implements Cryptographer with AdvanceDecrypt, which also opens
// ciphertext of the plain operations: then key, algorithm and IV are sent.
func (c *Client) Decrypt(ctx context.Context, w kms.Wrapped, encryptionContext map[string]string) ([]byte, string, error) {
	keyID := keyResource(w.KeyID)
	in := &dkms.AdvanceDecryptRequest{CiphertextBlob: w.Blob, Aad: ciphertext.AAD(encryptionContext, c.aad)}
	if w.Algorithm != "" {
		in.KeyId, in.Algorithm, in.Iv, in.PaddingMode = keyID, w.Algorithm, w.IV, w.PaddingMode
	} else {
		blob, err := ciphertext.Advance(w.Blob)
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
	plaintext, err := ciphertext.Sized(out.Plaintext, w.Size)
	if err != nil {
		return nil, "", c.badBlob(keyID, err)
	}
	return plaintext, cmp.Or(out.KeyVersionId, version, w.KeyVersionID), nil
}

// Sign implements Cryptographer.
func (c *Client) Sign(ctx context.Context, in kms.SignInput) (kms.Signature, error) {
	req := &dkms.SignRequest{KeyId: keyResource(in.KeyID), Algorithm: in.Algorithm, Message: in.Message, MessageType: messageType(in)}
	var out dkms.SignResponse
	version, err := c.call(ctx, "Sign", req.KeyId, in.VersionID, req, &out)
	if err != nil {
		return kms.Signature{}, err
	}
	if len(out.Signature) == 0 {
		return kms.Signature{}, c.incomplete("Sign", req.KeyId, "Signature")
	}
	return kms.Signature{KeyID: out.KeyId, KeyVersionID: cmp.Or(version, in.VersionID), Value: out.Signature}, nil
}

// Verify implements Cryptographer.
func (c *Client) Verify(ctx context.Context, in kms.SignInput, signature []byte) (bool, error) {
	req := &dkms.VerifyRequest{KeyId: keyResource(in.KeyID), Algorithm: in.Algorithm, Message: in.Message,
		MessageType: messageType(in), Signature: signature}
	var out dkms.VerifyResponse
	_, err := c.call(ctx, "Verify", req.KeyId, in.VersionID, req, &out)
	return out.Value, err
}

func messageType(in kms.SignInput) string {
	if in.Digest {
		return "DIGEST"
	}
	return "RAW"
}

// GetPublicKey implements Cryptographer.
func (c *Client) GetPublicKey(ctx context.Context, keyID, versionID string) (kms.PublicKey, error) {
	in := &dkms.GetPublicKeyRequest{KeyId: keyResource(keyID)}
	var out dkms.GetPublicKeyResponse
	version, err := c.call(ctx, "GetPublicKey", in.KeyId, versionID, in, &out)
	if err != nil {
		return kms.PublicKey{}, err
	}
	return kms.PublicKey{KeyID: out.KeyId, KeyVersionID: cmp.Or(version, versionID), PEM: out.PublicKey}, nil
}

// GenerateRandom implements Cryptographer.
func (c *Client) GenerateRandom(ctx context.Context, n int) (kms.Secret, error) {
	var out dkms.GenerateRandomResponse
	if _, err := c.call(ctx, "GenerateRandom", "", "", &dkms.GenerateRandomRequest{Length: int32(n)}, &out); err != nil {
		return kms.Secret{}, err
	}
	if len(out.Random) != n {
		return kms.Secret{}, c.incomplete("GenerateRandom", "", "random bytes of the length asked for")
	}
	return kms.SecretBytes(out.Random), nil
}

// GetSecretValue implements Cryptographer.
func (c *Client) GetSecretValue(ctx context.Context, query kms.SecretValueQuery) (kms.SecretValue, error) {
	in := &dkms.GetSecretValueRequest{SecretName: query.Name, FetchExtendedConfig: query.FetchExtendedConfig}
	if query.VersionID != nil {
		in.VersionId = *query.VersionID
	}
	if query.Stage != nil {
		in.VersionStage = *query.Stage
	}
	var out dkms.GetSecretValueResponse
	if _, err := c.call(ctx, "GetSecretValue", query.Name, "", in, &out); err != nil {
		return kms.SecretValue{}, err
	}
	return kms.SecretValue{
		Name: out.SecretName, Type: out.SecretType, Data: kms.NewSecret(out.SecretData), DataType: out.SecretDataType,
		VersionID: out.VersionId, Stages: out.VersionStages, Created: kms.ParseTime(out.CreateTime),
		ExtendedConfig: out.ExtendedConfig, AutomaticRotation: out.AutomaticRotation,
		RotationInterval: kms.ParseDuration(out.RotationInterval),
		LastRotation:     kms.ParseTime(out.LastRotationDate), NextRotation: kms.ParseTime(out.NextRotationDate),
	}, nil
}

// GenerateDataKeyPair implements Cryptographer with the Advance operations. The
// gateway works on one such request at a time.
func (c *Client) GenerateDataKeyPair(ctx context.Context, in kms.DataKeyPairInput) (kms.DataKeyPair, error) {
	keyID, aad := keyResource(in.KeyID), ciphertext.AAD(in.Context, c.aad)
	if in.WithoutPlaintext {
		var out dkms.AdvanceGenerateDataKeyPairWithoutPlaintextResponse
		version, err := c.call(ctx, "AdvanceGenerateDataKeyPairWithoutPlaintext", keyID, "",
			&dkms.AdvanceGenerateDataKeyPairWithoutPlaintextRequest{KeyId: keyID, KeyPairSpec: in.Spec, KeyFormat: in.Format, Aad: aad}, &out)
		if err != nil {
			return kms.DataKeyPair{}, err
		}
		w := c.wrapped(out.KeyId, cmp.Or(out.KeyVersionId, version), out.PrivateKeyCiphertextBlob, out.Iv, out.Algorithm, "")
		return kms.DataKeyPair{KeyID: w.KeyID, KeyVersionID: w.KeyVersionID, Spec: out.KeyPairSpec, PublicKey: out.PublicKey, Wrapped: w}, nil
	}
	var out dkms.AdvanceGenerateDataKeyPairResponse
	version, err := c.call(ctx, "AdvanceGenerateDataKeyPair", keyID, "",
		&dkms.AdvanceGenerateDataKeyPairRequest{KeyId: keyID, KeyPairSpec: in.Spec, KeyFormat: in.Format, Aad: aad}, &out)
	if err != nil {
		return kms.DataKeyPair{}, err
	}
	w := c.wrapped(out.KeyId, cmp.Or(out.KeyVersionId, version), out.PrivateKeyCiphertextBlob, out.Iv, out.Algorithm, "")
	w.Size = len(out.PrivateKeyPlaintext)
	return kms.DataKeyPair{KeyID: w.KeyID, KeyVersionID: w.KeyVersionID, Spec: out.KeyPairSpec, PublicKey: out.PublicKey,
		PrivateKey: kms.SecretBytes(out.PrivateKeyPlaintext), Wrapped: w}, nil
}
