package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// openRequest is what Decrypt and AdvanceDecrypt ask.
type openRequest interface {
	GetCiphertextBlob() []byte
	GetKeyId() string
	GetAlgorithm() string
	GetAad() []byte
	GetIv() []byte
	GetPaddingMode() string
}

// usePlain finds the version that opens plain ciphertext: the initial version of
// KeyId, or the version in the migration header, with or without a KeyId.
func usePlain(e *core.Engine, c *core.Call, op string, in openRequest) (keyUse, error) {
	if err := core.Needed("CiphertextBlob", len(in.GetCiphertextBlob()) > 0); err != nil {
		return keyUse{}, err
	}
	if in.GetKeyId() == "" && c.KeyVersionID != "" {
		return useVersion(e, c, op, c.KeyVersionID)
	}
	if err := core.Needed("KeyId", in.GetKeyId() != ""); err != nil {
		return keyUse{}, err
	}
	return UseKey(e, c, op, in.GetKeyId(), namedVersion(c.KeyVersionID))
}

// openPlain decrypts what Encrypt, GenerateDataKey and the key pair operations made.
func (u keyUse) openPlain(in openRequest) (mode, []byte, error) {
	m, err := u.modeOf(in.GetAlgorithm(), in.GetIv(), in.GetAad(), in.GetPaddingMode())
	if err != nil {
		return m, nil, err
	}
	plaintext, err := u.Decrypt(m.alg, in.GetCiphertextBlob(), m.params())
	return m, plaintext, cryptRefusal(err, "CiphertextBlob")
}

func instanceDecrypt(e *core.Engine, c *core.Call, in *dkms.DecryptRequest) (*dkms.DecryptResponse, error) {
	u, err := usePlain(e, c, "Decrypt", in)
	if err != nil {
		return nil, err
	}
	m, plaintext, err := u.openPlain(in)
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = u.version
	return &dkms.DecryptResponse{
		KeyId: u.key.ID, Plaintext: plaintext, RequestId: c.RequestID,
		Algorithm: string(m.alg), PaddingMode: string(m.padding),
	}, nil
}

// advanceDecrypt opens an Advance blob, which says everything but the AAD, and
// also plain ciphertext when KeyId, Algorithm and Iv come with it.
func advanceDecrypt(e *core.Engine, c *core.Call, in *dkms.AdvanceDecryptRequest) (*dkms.AdvanceDecryptResponse, error) {
	u, m, plaintext, err := openAdvance(e, c, in)
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = u.version
	return &dkms.AdvanceDecryptResponse{
		KeyId: u.key.ID, Plaintext: plaintext, RequestId: c.RequestID,
		Algorithm: string(m.alg), PaddingMode: string(m.padding), KeyVersionId: u.version,
	}, nil
}

func openAdvance(e *core.Engine, c *core.Call, in openRequest) (keyUse, mode, []byte, error) {
	blob, err := crypt.ParseAdvance(in.GetCiphertextBlob())
	if err != nil {
		return openAdvancePlain(e, c, in)
	}
	u, err := useVersion(e, c, "AdvanceDecrypt", blob.Version)
	if err != nil {
		return u, mode{}, nil, err
	}
	if err := u.advanceOnly(); err != nil {
		return u, mode{}, nil, err
	}
	if err := sameKey(e, c, u, in.GetKeyId()); err != nil {
		return u, mode{}, nil, err
	}
	m, err := u.modeOf("", blob.IV, in.GetAad(), "")
	if err != nil {
		return u, m, nil, err
	}
	plaintext, err := u.open(blob, m.aad)
	return u, m, plaintext, cryptRefusal(err, "CiphertextBlob")
}

func openAdvancePlain(e *core.Engine, c *core.Call, in openRequest) (keyUse, mode, []byte, error) {
	u, err := usePlain(e, c, "AdvanceDecrypt", in)
	if err != nil {
		return u, mode{}, nil, err
	}
	if err := u.advanceOnly(); err != nil {
		return u, mode{}, nil, err
	}
	m, plaintext, err := u.openPlain(in)
	return u, m, plaintext, err
}

// sameKey refuses a KeyId beside a blob of another key.
func sameKey(e *core.Engine, c *core.Call, u keyUse, id string) error {
	if id == "" || id == u.key.ID {
		return nil
	}
	named, err := UseKey(e, c, "AdvanceDecrypt", id, InitialVersion)
	if err != nil {
		return err
	}
	if named.key.ID != u.key.ID {
		return core.ErrInvalidParameter("KeyId")
	}
	return nil
}
