package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Message types of Sign and Verify.
const (
	messageRaw    = "RAW"
	messageDigest = "DIGEST"
)

// signRequest is what Sign and Verify ask alike.
type signRequest interface {
	GetKeyId() string
	GetAlgorithm() string
	GetMessage() []byte
	GetMessageType() string
	GetDigest() []byte
}

// signing is a resolved Sign or Verify: the digest and how it was given.
type signing struct {
	use         keyUse
	alg         crypt.Algorithm
	digest      []byte
	messageType string
}

// prepareSigning finds the key version (the initial one, or the migration
// header's) and the digest: a RAW message is hashed here, a DIGEST is taken as it
// is. The older Digest field counts as a DIGEST message.
func prepareSigning(e *core.Engine, c *core.Call, op string, in signRequest) (signing, error) {
	message, kind := in.GetMessage(), in.GetMessageType()
	if len(message) == 0 && len(in.GetDigest()) > 0 {
		message, kind = in.GetDigest(), messageDigest
	}
	if err := core.Needed("KeyId", in.GetKeyId() != ""); err != nil {
		return signing{}, err
	}
	if err := core.Needed("Message", len(message) > 0); err != nil {
		return signing{}, err
	}
	u, err := UseKey(e, c, op, in.GetKeyId(), namedVersion(c.KeyVersionID))
	if err != nil {
		return signing{}, err
	}
	if err := u.pairOnly(crypt.UsageSign); err != nil {
		return signing{}, err
	}
	alg, ok := u.spec.SignatureFor(in.GetAlgorithm())
	if !ok {
		return signing{}, core.ErrInvalidParameter("Algorithm")
	}
	return digestOf(signing{use: u, alg: alg, messageType: kind}, message)
}

// digestOf fills in the digest. KMS: a DIGEST has at most 32 bytes. All algorithms
// sign exactly 32, so package crypt refuses a shorter one too.
func digestOf(s signing, message []byte) (signing, error) {
	var err error
	switch s.messageType {
	case "", messageRaw:
		s.messageType = messageRaw
		s.digest, err = s.use.Digest(s.alg, message)
	case messageDigest:
		s.digest = message
	default:
		err = core.ErrInvalidParameter("MessageType")
	}
	return s, cryptRefusal(err, "Message")
}

func instanceSign(e *core.Engine, c *core.Call, in *dkms.SignRequest) (*dkms.SignResponse, error) {
	s, err := prepareSigning(e, c, "Sign", in)
	if err != nil {
		return nil, err
	}
	signature, err := s.use.Sign(e.Rand, s.alg, s.digest)
	if err != nil {
		return nil, cryptRefusal(err, "Message")
	}
	c.KeyVersionID = s.use.version
	return &dkms.SignResponse{
		KeyId: s.use.key.ID, Signature: signature, RequestId: c.RequestID,
		Algorithm: string(s.alg), MessageType: s.messageType,
	}, nil
}

// instanceVerify answers false for a signature that does not hold.
func instanceVerify(e *core.Engine, c *core.Call, in *dkms.VerifyRequest) (*dkms.VerifyResponse, error) {
	if err := core.Needed("Signature", len(in.GetSignature()) > 0); err != nil {
		return nil, err
	}
	s, err := prepareSigning(e, c, "Verify", in)
	if err != nil {
		return nil, err
	}
	holds, err := s.use.Verify(s.alg, s.digest, in.GetSignature())
	if err != nil {
		return nil, cryptRefusal(err, "Message")
	}
	c.KeyVersionID = s.use.version
	return &dkms.VerifyResponse{
		KeyId: s.use.key.ID, Value: holds, RequestId: c.RequestID,
		Algorithm: string(s.alg), MessageType: s.messageType,
	}, nil
}

func instancePublicKey(e *core.Engine, c *core.Call, in *dkms.GetPublicKeyRequest) (*dkms.GetPublicKeyResponse, error) {
	if err := core.Needed("KeyId", in.GetKeyId() != ""); err != nil {
		return nil, err
	}
	out, err := publicKey(e, c, "GetPublicKey", in.GetKeyId(), c.KeyVersionID)
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = out.KeyVersionId
	return &dkms.GetPublicKeyResponse{KeyId: out.KeyId, PublicKey: out.PublicKey, RequestId: c.RequestID}, nil
}
