package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// dataKeyPair is a fresh key pair and its private half encrypted.
type dataKeyPair struct {
	use             keyUse
	private, public []byte
	blob            crypt.Blob
	advance         []byte // the blob with its header; nil for the plain operations
}

// pairRequest is what all four key pair operations ask.
type pairRequest interface {
	GetKeyId() string
	GetKeyPairSpec() string
	GetKeyFormat() string
	GetAad() []byte
}

// newPair makes a key pair under the initial version, one at a time per instance.
func newPair(e *core.Engine, c *core.Call, op, algorithm string, in pairRequest) (dataKeyPair, error) {
	u, err := useForKeys(e, c, op, in.GetKeyId(), algorithm, in.GetAad(), namedVersion(c.KeyVersionID))
	if err != nil {
		return dataKeyPair{}, err
	}
	return makePair(e, c, u, in)
}

// newAdvancePair is newPair under the primary version.
func newAdvancePair(e *core.Engine, c *core.Call, op string, in pairRequest) (dataKeyPair, error) {
	u, err := useForAdvanceKeys(e, c, op, in.GetKeyId(), in.GetAad())
	if err != nil {
		return dataKeyPair{}, err
	}
	p, err := makePair(e, c, u, in)
	if err != nil {
		return dataKeyPair{}, err
	}
	p.advance, err = p.blob.Advance()
	return p, err
}

func makePair(e *core.Engine, c *core.Call, u keyUse, in pairRequest) (dataKeyPair, error) {
	if err := core.Needed("KeyPairSpec", in.GetKeyPairSpec() != ""); err != nil {
		return dataKeyPair{}, err
	}
	format := in.GetKeyFormat()
	if format == "" {
		format = undocumented.PairFormat
	}
	done, err := e.Crypto.PairTurn(c.Instance)
	if err != nil {
		return dataKeyPair{}, err
	}
	defer done()
	private, public, err := crypt.GeneratePair(e.Rand, in.GetKeyPairSpec(), format)
	if err != nil {
		return dataKeyPair{}, cryptRefusal(err, "KeyPairSpec")
	}
	blob, err := seal(e, u, private, in.GetAad())
	if err != nil {
		return dataKeyPair{}, err
	}
	c.KeyVersionID = u.version
	return dataKeyPair{use: u, private: private, public: public, blob: blob}, nil
}

func (p dataKeyPair) algorithm() string { return string(p.use.spec.GCM()) }

func instancePair(e *core.Engine, c *core.Call, in *dkms.GenerateDataKeyPairRequest) (*dkms.GenerateDataKeyPairResponse, error) {
	p, err := newPair(e, c, "GenerateDataKeyPair", in.GetAlgorithm(), in)
	if err != nil {
		return nil, err
	}
	return &dkms.GenerateDataKeyPairResponse{
		KeyId: p.use.key.ID, Iv: p.blob.IV, KeyPairSpec: in.GetKeyPairSpec(), PrivateKeyPlaintext: p.private,
		PrivateKeyCiphertextBlob: p.blob.Sealed, PublicKey: p.public, RequestId: c.RequestID, Algorithm: p.algorithm(),
	}, nil
}

func instancePairWithoutPlaintext(e *core.Engine, c *core.Call, in *dkms.GenerateDataKeyPairWithoutPlaintextRequest) (*dkms.GenerateDataKeyPairWithoutPlaintextResponse, error) {
	p, err := newPair(e, c, "GenerateDataKeyPairWithoutPlaintext", in.GetAlgorithm(), in)
	if err != nil {
		return nil, err
	}
	return &dkms.GenerateDataKeyPairWithoutPlaintextResponse{
		KeyId: p.use.key.ID, Iv: p.blob.IV, KeyPairSpec: in.GetKeyPairSpec(),
		PrivateKeyCiphertextBlob: p.blob.Sealed, PublicKey: p.public, RequestId: c.RequestID, Algorithm: p.algorithm(),
	}, nil
}

func advancePair(e *core.Engine, c *core.Call, in *dkms.AdvanceGenerateDataKeyPairRequest) (*dkms.AdvanceGenerateDataKeyPairResponse, error) {
	p, err := newAdvancePair(e, c, "AdvanceGenerateDataKeyPair", in)
	if err != nil {
		return nil, err
	}
	return &dkms.AdvanceGenerateDataKeyPairResponse{
		KeyId: p.use.key.ID, Iv: p.blob.IV, KeyPairSpec: in.GetKeyPairSpec(), PrivateKeyPlaintext: p.private,
		PrivateKeyCiphertextBlob: p.advance, PublicKey: p.public, RequestId: c.RequestID, Algorithm: p.algorithm(),
		KeyVersionId: p.use.version,
	}, nil
}

func advancePairWithoutPlaintext(e *core.Engine, c *core.Call, in *dkms.AdvanceGenerateDataKeyPairWithoutPlaintextRequest) (*dkms.AdvanceGenerateDataKeyPairWithoutPlaintextResponse, error) {
	p, err := newAdvancePair(e, c, "AdvanceGenerateDataKeyPairWithoutPlaintext", in)
	if err != nil {
		return nil, err
	}
	return &dkms.AdvanceGenerateDataKeyPairWithoutPlaintextResponse{
		KeyId: p.use.key.ID, Iv: p.blob.IV, KeyPairSpec: in.GetKeyPairSpec(),
		PrivateKeyCiphertextBlob: p.advance, PublicKey: p.public, RequestId: c.RequestID, Algorithm: p.algorithm(),
		KeyVersionId: p.use.version,
	}, nil
}
