package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// sealRequest is what Encrypt and AdvanceEncrypt ask.
type sealRequest interface {
	GetKeyId() string
	GetPlaintext() []byte
	GetAlgorithm() string
	GetAad() []byte
	GetIv() []byte
	GetPaddingMode() string
}

// mode is how an instance operation encrypts or decrypts.
type mode struct {
	alg     crypt.Algorithm
	iv, aad []byte
	padding crypt.Padding
}

func (m mode) params() crypt.Params { return crypt.Params{IV: m.iv, AAD: m.aad, Padding: m.padding} }

// modeOf resolves algorithm ("" = the key's default), IV, AAD and padding. An IV,
// AAD or padding that the algorithm has no use for has no effect, as documented.
// Refusals: UnsupportedOperation for keys that do not encrypt; InvalidParameter.
func (u keyUse) modeOf(algorithm string, iv, aad []byte, padding string) (mode, error) {
	if u.key.Usage != crypt.UsageEncrypt {
		return mode{}, core.ErrUnsupportedOperation()
	}
	alg, ok := u.spec.EncryptionFor(algorithm, u.home)
	if !ok {
		return mode{}, core.ErrInvalidParameter("Algorithm")
	}
	m := mode{alg: alg}
	if alg.IVSize() > 0 {
		m.iv = iv
	}
	if alg.Authenticated() {
		if len(aad) > core.InstanceAADLimit {
			return mode{}, core.ErrTooLong("Aad")
		}
		m.aad = aad
	}
	if alg.Padded() {
		if m.padding = crypt.Padding(padding); m.padding == "" {
			m.padding = crypt.PKCS7
		}
		if m.padding != crypt.PKCS7 && m.padding != crypt.NoPadding {
			return mode{}, core.ErrInvalidParameter("PaddingMode")
		}
	}
	return m, nil
}

// sealInstance encrypts for both Encrypts; without an IV it draws one.
func sealInstance(e *core.Engine, u keyUse, in sealRequest) (mode, []byte, error) {
	m, err := u.modeOf(in.GetAlgorithm(), in.GetIv(), in.GetAad(), in.GetPaddingMode())
	if err != nil {
		return m, nil, err
	}
	if len(m.iv) == 0 && m.alg.IVSize() > 0 {
		if m.iv, err = e.Random(m.alg.IVSize()); err != nil {
			return m, nil, err
		}
	}
	ciphertext, err := u.Encrypt(e.Rand, m.alg, in.GetPlaintext(), m.params())
	return m, ciphertext, cryptRefusal(err, "Plaintext")
}

// useForSeal checks what both Encrypts need and finds the key version.
func useForSeal(e *core.Engine, c *core.Call, op string, in sealRequest, choose versionOf) (keyUse, error) {
	if err := core.Needed("KeyId", in.GetKeyId() != ""); err != nil {
		return keyUse{}, err
	}
	if err := core.Needed("Plaintext", len(in.GetPlaintext()) > 0); err != nil {
		return keyUse{}, err
	}
	return UseKey(e, c, op, in.GetKeyId(), choose)
}

// instanceEncrypt encrypts under the initial version, or the one that the
// migration header names. The caller keeps KeyId, Iv and Algorithm.
func instanceEncrypt(e *core.Engine, c *core.Call, in *dkms.EncryptRequest) (*dkms.EncryptResponse, error) {
	u, err := useForSeal(e, c, "Encrypt", in, namedVersion(c.KeyVersionID))
	if err != nil {
		return nil, err
	}
	m, ciphertext, err := sealInstance(e, u, in)
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = u.version
	return &dkms.EncryptResponse{
		KeyId: u.key.ID, CiphertextBlob: ciphertext, Iv: m.iv, RequestId: c.RequestID,
		Algorithm: string(m.alg), PaddingMode: string(m.padding),
	}, nil
}

// advanceEncrypt encrypts under the primary version into a self-describing blob.
// KMS: symmetric keys of software instances only.
func advanceEncrypt(e *core.Engine, c *core.Call, in *dkms.AdvanceEncryptRequest) (*dkms.AdvanceEncryptResponse, error) {
	u, err := useForSeal(e, c, "AdvanceEncrypt", in, primaryVersion)
	if err != nil {
		return nil, err
	}
	if err := u.advanceOnly(); err != nil {
		return nil, err
	}
	m, ciphertext, err := sealInstance(e, u, in)
	if err != nil {
		return nil, err
	}
	blob, err := crypt.Blob{Version: u.version, IV: m.iv, Sealed: ciphertext}.Advance()
	if err != nil {
		return nil, cryptRefusal(err, "Iv")
	}
	c.KeyVersionID = u.version
	return &dkms.AdvanceEncryptResponse{
		KeyId: u.key.ID, CiphertextBlob: blob, Iv: m.iv, RequestId: c.RequestID,
		Algorithm: string(m.alg), PaddingMode: string(m.padding), KeyVersionId: u.version,
	}, nil
}

// advanceOnly refuses keys that the Advance operations do not serve.
func (u keyUse) advanceOnly() error {
	if u.home != crypt.SoftwareInstance {
		return core.ErrUnsupportedOperation()
	}
	return u.symmetricOnly()
}
