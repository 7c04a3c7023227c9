package engine

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// useForKeys finds the symmetric key version that data keys and key pairs are
// encrypted under. Only its GCM encrypts them.
func (e *Engine) useForKeys(c *Call, op, keyID, algorithm string, aad []byte, choose versionOf) (keyUse, error) {
	if err := needed("KeyId", keyID != ""); err != nil {
		return keyUse{}, err
	}
	u, err := e.useKey(c, op, keyID, choose)
	if err != nil {
		return keyUse{}, err
	}
	if err := u.symmetricOnly(); err != nil {
		return keyUse{}, err
	}
	if algorithm != "" && crypt.Algorithm(algorithm) != u.spec.GCM() {
		return keyUse{}, errInvalidParameter("Algorithm")
	}
	if len(aad) > instanceAADLimit {
		return keyUse{}, errTooLong("Aad")
	}
	return u, nil
}

// sealDataKey draws n bytes and encrypts them.
func (e *Engine) sealDataKey(u keyUse, n int32, aad []byte) ([]byte, crypt.Blob, error) {
	if err := needed("NumberOfBytes", n != 0); err != nil {
		return nil, crypt.Blob{}, err
	}
	if n < 1 || n > undocumented.InstanceDataKeyMax {
		return nil, crypt.Blob{}, errInvalidParameter("NumberOfBytes")
	}
	dataKey, err := e.random(int(n))
	if err != nil {
		return nil, crypt.Blob{}, err
	}
	blob, err := e.seal(u, dataKey, aad)
	return dataKey, blob, err
}

func (e *Engine) instanceDataKey(c *Call, in *dkms.GenerateDataKeyRequest) (*dkms.GenerateDataKeyResponse, error) {
	u, err := e.useForKeys(c, "GenerateDataKey", in.GetKeyId(), in.GetAlgorithm(), in.GetAad(), namedVersion(c.KeyVersionID))
	if err != nil {
		return nil, err
	}
	dataKey, blob, err := e.sealDataKey(u, in.GetNumberOfBytes(), in.GetAad())
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = u.version
	return &dkms.GenerateDataKeyResponse{
		KeyId: u.key.ID, Iv: blob.IV, Plaintext: dataKey, CiphertextBlob: blob.Sealed,
		RequestId: c.RequestID, Algorithm: string(u.spec.GCM()),
	}, nil
}

func (e *Engine) advanceDataKey(c *Call, in *dkms.AdvanceGenerateDataKeyRequest) (*dkms.AdvanceGenerateDataKeyResponse, error) {
	u, err := e.useForAdvanceKeys(c, "AdvanceGenerateDataKey", in.GetKeyId(), in.GetAad())
	if err != nil {
		return nil, err
	}
	dataKey, blob, err := e.sealDataKey(u, in.GetNumberOfBytes(), in.GetAad())
	if err != nil {
		return nil, err
	}
	data, err := blob.Advance()
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = u.version
	return &dkms.AdvanceGenerateDataKeyResponse{
		KeyId: u.key.ID, Iv: blob.IV, Plaintext: dataKey, CiphertextBlob: data,
		RequestId: c.RequestID, Algorithm: string(u.spec.GCM()), KeyVersionId: u.version,
	}, nil
}

func (e *Engine) useForAdvanceKeys(c *Call, op, keyID string, aad []byte) (keyUse, error) {
	u, err := e.useForKeys(c, op, keyID, "", aad, primaryVersion)
	if err != nil {
		return keyUse{}, err
	}
	return u, u.advanceOnly()
}
