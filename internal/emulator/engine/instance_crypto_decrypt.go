package engine

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
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
func (e *Engine) usePlain(c *Call, op string, in openRequest) (keyUse, error) {
	if err := needed("CiphertextBlob", len(in.GetCiphertextBlob()) > 0); err != nil {
		return keyUse{}, err
	}
	if in.GetKeyId() == "" && c.KeyVersionID != "" {
		return e.useVersion(c, op, c.KeyVersionID)
	}
	if err := needed("KeyId", in.GetKeyId() != ""); err != nil {
		return keyUse{}, err
	}
	return e.useKey(c, op, in.GetKeyId(), namedVersion(c.KeyVersionID))
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

func (e *Engine) instanceDecrypt(c *Call, in *dkms.DecryptRequest) (*dkms.DecryptResponse, error) {
	u, err := e.usePlain(c, "Decrypt", in)
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
func (e *Engine) advanceDecrypt(c *Call, in *dkms.AdvanceDecryptRequest) (*dkms.AdvanceDecryptResponse, error) {
	u, m, plaintext, err := e.openAdvance(c, in)
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = u.version
	return &dkms.AdvanceDecryptResponse{
		KeyId: u.key.ID, Plaintext: plaintext, RequestId: c.RequestID,
		Algorithm: string(m.alg), PaddingMode: string(m.padding), KeyVersionId: u.version,
	}, nil
}

func (e *Engine) openAdvance(c *Call, in openRequest) (keyUse, mode, []byte, error) {
	blob, err := crypt.ParseAdvance(in.GetCiphertextBlob())
	if err != nil {
		return e.openAdvancePlain(c, in)
	}
	u, err := e.useVersion(c, "AdvanceDecrypt", blob.Version)
	if err != nil {
		return u, mode{}, nil, err
	}
	if err := u.advanceOnly(); err != nil {
		return u, mode{}, nil, err
	}
	if err := e.sameKey(c, u, in.GetKeyId()); err != nil {
		return u, mode{}, nil, err
	}
	m, err := u.modeOf("", blob.IV, in.GetAad(), "")
	if err != nil {
		return u, m, nil, err
	}
	plaintext, err := u.open(blob, m.aad)
	return u, m, plaintext, cryptRefusal(err, "CiphertextBlob")
}

func (e *Engine) openAdvancePlain(c *Call, in openRequest) (keyUse, mode, []byte, error) {
	u, err := e.usePlain(c, "AdvanceDecrypt", in)
	if err != nil {
		return u, mode{}, nil, err
	}
	if err := u.symmetricOnly(); err != nil {
		return u, mode{}, nil, err
	}
	m, plaintext, err := u.openPlain(in)
	return u, m, plaintext, err
}

// sameKey refuses a KeyId beside a blob of another key.
func (e *Engine) sameKey(c *Call, u keyUse, id string) error {
	if id == "" || id == u.key.ID {
		return nil
	}
	named, err := e.useKey(c, "AdvanceDecrypt", id, initialVersion)
	if err != nil {
		return err
	}
	if named.key.ID != u.key.ID {
		return errInvalidParameter("KeyId")
	}
	return nil
}
