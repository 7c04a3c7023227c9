package engine

import "kmsplan.dev/kmsplan/internal/emulator/crypt"

type asymmetricSignRequest struct{ KeyId, KeyVersionId, Algorithm, Digest, DryRun *string }

type asymmetricSignResponse struct{ KeyId, KeyVersionId, Value string }

// asymmetricSign signs a 32-byte digest (KMS: AsymmetricSign; for SM2DSA the
// digest over Z(A) and the message).
func (e *Engine) asymmetricSign(c *Call, in *asymmetricSignRequest) (*asymmetricSignResponse, error) {
	out, err := e.doAsymmetricSign(c, in)
	return rehearse(in.DryRun, out, err)
}

func (e *Engine) doAsymmetricSign(c *Call, in *asymmetricSignRequest) (*asymmetricSignResponse, error) {
	digest, err := decodeParam(in.Digest, "Digest")
	if err != nil {
		return nil, err
	}
	u, alg, err := e.usePair(c, "AsymmetricSign", crypt.UsageSign, pairNames(), in.KeyId, in.KeyVersionId, in.Algorithm)
	if err != nil {
		return nil, err
	}
	signature, err := u.Sign(e.rand, alg, digest)
	if err != nil {
		return nil, cryptRefusal(err, "Digest")
	}
	return &asymmetricSignResponse{KeyId: u.key.ID, KeyVersionId: u.version, Value: base64Text(signature)}, nil
}

type asymmetricVerifyRequest struct{ KeyId, KeyVersionId, Algorithm, Digest, Value, DryRun *string }

type asymmetricVerifyResponse struct {
	KeyId, KeyVersionId string
	Value               bool
}

// asymmetricVerify verifies a signature of a digest; a signature that does not
// hold is an answer, not an error (KMS: AsymmetricVerify).
func (e *Engine) asymmetricVerify(c *Call, in *asymmetricVerifyRequest) (*asymmetricVerifyResponse, error) {
	out, err := e.doAsymmetricVerify(c, in)
	return rehearse(in.DryRun, out, err)
}

func (e *Engine) doAsymmetricVerify(c *Call, in *asymmetricVerifyRequest) (*asymmetricVerifyResponse, error) {
	digest, err := decodeParam(in.Digest, "Digest")
	if err != nil {
		return nil, err
	}
	signature, err := decodeParam(in.Value, "Value")
	if err != nil {
		return nil, err
	}
	u, alg, err := e.usePair(c, "AsymmetricVerify", crypt.UsageSign, pairNames(), in.KeyId, in.KeyVersionId, in.Algorithm)
	if err != nil {
		return nil, err
	}
	holds, err := u.Verify(alg, digest, signature)
	if err != nil {
		return nil, cryptRefusal(err, "Digest")
	}
	return &asymmetricVerifyResponse{KeyId: u.key.ID, KeyVersionId: u.version, Value: holds}, nil
}

type getPublicKeyRequest struct{ KeyId, KeyVersionId, DryRun *string }

type getPublicKeyResponse struct{ KeyId, KeyVersionId, PublicKey string }

// getPublicKey answers a pair's public key in PEM. Without KeyVersionId it is the
// initial version's (KMS: GetPublicKey).
func (e *Engine) getPublicKey(c *Call, in *getPublicKeyRequest) (*getPublicKeyResponse, error) {
	out, err := e.publicKey(c, "GetPublicKey", text(in.KeyId), text(in.KeyVersionId))
	return rehearse(in.DryRun, out, err)
}

func (e *Engine) publicKey(c *Call, op, keyID, versionID string) (*getPublicKeyResponse, error) {
	u, err := e.useKey(c, op, keyID, namedVersion(versionID))
	if err != nil {
		return nil, err
	}
	if u.spec.Class != crypt.Asymmetric {
		return nil, errUnsupportedOperation()
	}
	der, err := u.Public()
	if err != nil {
		return nil, err
	}
	return &getPublicKeyResponse{KeyId: u.key.ID, KeyVersionId: u.version, PublicKey: string(crypt.PublicPEM(der))}, nil
}
