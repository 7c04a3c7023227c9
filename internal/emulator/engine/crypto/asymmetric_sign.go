package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

type AsymmetricSignRequest struct{ KeyId, KeyVersionId, Algorithm, Digest, DryRun *string }

type AsymmetricSignResponse struct{ KeyId, KeyVersionId, Value string }

// asymmetricSign signs a 32-byte digest (KMS: AsymmetricSign; for SM2DSA the
// digest over Z(A) and the message).
func asymmetricSign(e *core.Engine, c *core.Call, in *AsymmetricSignRequest) (*AsymmetricSignResponse, error) {
	out, err := doAsymmetricSign(e, c, in)
	return core.Rehearse(in.DryRun, out, err)
}

func doAsymmetricSign(e *core.Engine, c *core.Call, in *AsymmetricSignRequest) (*AsymmetricSignResponse, error) {
	digest, err := core.DecodeParam(in.Digest, "Digest")
	if err != nil {
		return nil, err
	}
	u, alg, err := usePair(e, c, "AsymmetricSign", crypt.UsageSign, pairNames(), in.KeyId, in.KeyVersionId, in.Algorithm)
	if err != nil {
		return nil, err
	}
	signature, err := u.Sign(e.Rand, alg, digest)
	if err != nil {
		return nil, cryptRefusal(err, "Digest")
	}
	return &AsymmetricSignResponse{KeyId: u.key.ID, KeyVersionId: u.version, Value: core.Base64Text(signature)}, nil
}

type AsymmetricVerifyRequest struct{ KeyId, KeyVersionId, Algorithm, Digest, Value, DryRun *string }

type AsymmetricVerifyResponse struct {
	KeyId, KeyVersionId string
	Value               bool
}

// asymmetricVerify verifies a signature of a digest; a signature that does not
// hold is an answer, not an error (KMS: AsymmetricVerify).
func asymmetricVerify(e *core.Engine, c *core.Call, in *AsymmetricVerifyRequest) (*AsymmetricVerifyResponse, error) {
	out, err := doAsymmetricVerify(e, c, in)
	return core.Rehearse(in.DryRun, out, err)
}

func doAsymmetricVerify(e *core.Engine, c *core.Call, in *AsymmetricVerifyRequest) (*AsymmetricVerifyResponse, error) {
	digest, err := core.DecodeParam(in.Digest, "Digest")
	if err != nil {
		return nil, err
	}
	signature, err := core.DecodeParam(in.Value, "Value")
	if err != nil {
		return nil, err
	}
	u, alg, err := usePair(e, c, "AsymmetricVerify", crypt.UsageSign, pairNames(), in.KeyId, in.KeyVersionId, in.Algorithm)
	if err != nil {
		return nil, err
	}
	holds, err := u.Verify(alg, digest, signature)
	if err != nil {
		return nil, cryptRefusal(err, "Digest")
	}
	return &AsymmetricVerifyResponse{KeyId: u.key.ID, KeyVersionId: u.version, Value: holds}, nil
}

type GetPublicKeyRequest struct{ KeyId, KeyVersionId, DryRun *string }

type GetPublicKeyResponse struct{ KeyId, KeyVersionId, PublicKey string }

// getPublicKey answers a pair's public key in PEM; the version must be named
// (KMS: GetPublicKey).
func getPublicKey(e *core.Engine, c *core.Call, in *GetPublicKeyRequest) (*GetPublicKeyResponse, error) {
	version, err := core.Required("KeyVersionId", in.KeyVersionId)
	if err != nil {
		return core.Rehearse[GetPublicKeyResponse](in.DryRun, nil, err)
	}
	out, err := publicKey(e, c, "GetPublicKey", core.Text(in.KeyId), version)
	return core.Rehearse(in.DryRun, out, err)
}

func publicKey(e *core.Engine, c *core.Call, op, keyID, versionID string) (*GetPublicKeyResponse, error) {
	u, err := UseKey(e, c, op, keyID, namedVersion(versionID))
	if err != nil {
		return nil, err
	}
	if u.spec.Class != crypt.Asymmetric {
		return nil, core.ErrUnsupportedOperation()
	}
	der, err := u.Public()
	if err != nil {
		return nil, err
	}
	return &GetPublicKeyResponse{KeyId: u.key.ID, KeyVersionId: u.version, PublicKey: string(crypt.PublicPEM(der))}, nil
}
