package public

import (
	"context"
	"encoding/base64"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
)

// dataKeyAnswer is the wire form of what the symmetric operations answer.
type dataKeyAnswer struct {
	KeyID, KeyVersionID       string
	CiphertextBlob, Plaintext []byte // base64 on the wire
}

// GenerateDataKey implements Cryptographer.
func (p *Client) GenerateDataKey(ctx context.Context, keyID string, n int, encryptionContext map[string]string) (kms.DataKey, error) {
	a := args{"KeyId": keyID, "NumberOfBytes": n}.context("EncryptionContext", encryptionContext)
	var out dataKeyAnswer
	if err := p.invoke(ctx, "GenerateDataKey", a, &out); err != nil {
		return kms.DataKey{}, err
	}
	if len(out.Plaintext) != n || len(out.CiphertextBlob) == 0 {
		return kms.DataKey{}, p.incomplete("GenerateDataKey", a, "data key of the length asked for")
	}
	return kms.DataKey{KeyID: out.KeyID, KeyVersionID: out.KeyVersionID, Plaintext: kms.SecretBytes(out.Plaintext),
		Blob: out.CiphertextBlob, Protocol: kms.ProtocolOpenAPI}, nil
}

// Encrypt implements Cryptographer.
func (p *Client) Encrypt(ctx context.Context, keyID string, plaintext []byte, encryptionContext map[string]string) (kms.Wrapped, error) {
	a := args{"KeyId": keyID, "Plaintext": plaintext}.context("EncryptionContext", encryptionContext)
	var out dataKeyAnswer
	if err := p.invoke(ctx, "Encrypt", a, &out); err != nil {
		return kms.Wrapped{}, err
	}
	if len(out.CiphertextBlob) == 0 {
		return kms.Wrapped{}, p.incomplete("Encrypt", a, "CiphertextBlob")
	}
	return kms.Wrapped{KeyID: out.KeyID, KeyVersionID: out.KeyVersionID, Blob: out.CiphertextBlob,
		Protocol: kms.ProtocolOpenAPI, Size: len(plaintext)}, nil
}

// Decrypt implements Cryptographer. Loose ciphertext (Algorithm set) has no key
// version id in it and can be opened by the instance gateway only.
func (p *Client) Decrypt(ctx context.Context, w kms.Wrapped, encryptionContext map[string]string) ([]byte, string, error) {
	if w.Algorithm != "" {
		e := p.newError("Decrypt", args{"KeyId": w.KeyID})
		e.Code, e.Message = kms.CodeUnsupported, "ciphertext of the instance gateway's Encrypt cannot be opened here"
		return nil, "", e
	}
	a := args{"CiphertextBlob": ciphertext.OpenAPI(w.Blob)}.context("EncryptionContext", encryptionContext)
	var out struct{ KeyVersionID, Plaintext string }
	if err := p.invokeAbout(ctx, "Decrypt", a, args{"KeyId": w.KeyID}, &out); err != nil {
		return nil, "", err
	}
	plaintext, err := ciphertext.Opened(out.Plaintext, w.Size)
	if err != nil {
		e := p.newError("Decrypt", a)
		e.Code, e.Message = kms.CodeBadAnswer, err.Error()
		return nil, "", e
	}
	return plaintext, out.KeyVersionID, nil
}

// Sign implements Cryptographer; the public gateway signs digests only.
func (p *Client) Sign(ctx context.Context, in kms.SignInput) (kms.Signature, error) {
	a, err := p.signArgs("AsymmetricSign", in)
	if err != nil {
		return kms.Signature{}, err
	}
	var out struct {
		KeyID, KeyVersionID string
		Value               []byte
	}
	if err := p.invoke(ctx, "AsymmetricSign", a, &out); err != nil {
		return kms.Signature{}, err
	}
	return kms.Signature{KeyID: out.KeyID, KeyVersionID: out.KeyVersionID, Value: out.Value}, nil
}

// Verify implements Cryptographer.
func (p *Client) Verify(ctx context.Context, in kms.SignInput, signature []byte) (bool, error) {
	a, err := p.signArgs("AsymmetricVerify", in)
	if err != nil {
		return false, err
	}
	a["Value"] = base64.StdEncoding.EncodeToString(signature)
	var out struct{ Value bool }
	err = p.invoke(ctx, "AsymmetricVerify", a, &out)
	return out.Value, err
}

func (p *Client) signArgs(operation string, in kms.SignInput) (args, error) {
	a := args{"KeyId": in.KeyID, "KeyVersionId": in.VersionID, "Algorithm": in.Algorithm, "Digest": in.Message}
	if !in.Digest {
		e := p.newError(operation, a)
		e.Code, e.Message = kms.CodeBadParameter, "this gateway takes a digest, not a message: hash the message first"
		return nil, e
	}
	return a, nil
}

// GenerateRandom implements Cryptographer: the OpenAPI has no such operation.
func (p *Client) GenerateRandom(context.Context, int) (kms.Secret, error) {
	return kms.Secret{}, p.unsupported("GenerateRandom")
}

// GenerateDataKeyPair implements Cryptographer: the OpenAPI has no such operation.
func (p *Client) GenerateDataKeyPair(context.Context, kms.DataKeyPairInput) (kms.DataKeyPair, error) {
	return kms.DataKeyPair{}, p.unsupported("GenerateDataKeyPair")
}

func (p *Client) unsupported(operation string) error {
	e := p.newError(operation, nil)
	e.Code, e.Message = kms.UnknownOperation(operation, p.gateway)
	return e
}
