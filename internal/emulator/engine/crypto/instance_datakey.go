package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// useForKeys finds the symmetric key version that data keys and key pairs are
// encrypted under. Only its GCM encrypts them.
func useForKeys(e *core.Engine, c *core.Call, op, keyID, algorithm string, aad []byte, choose versionOf) (keyUse, error) {
	if err := core.Needed("KeyId", keyID != ""); err != nil {
		return keyUse{}, err
	}
	u, err := UseKey(e, c, op, keyID, choose)
	if err != nil {
		return keyUse{}, err
	}
	if err := u.symmetricOnly(); err != nil {
		return keyUse{}, err
	}
	if algorithm != "" && crypt.Algorithm(algorithm) != u.spec.GCM() {
		return keyUse{}, core.ErrInvalidParameter("Algorithm")
	}
	if len(aad) > core.InstanceAADLimit {
		return keyUse{}, core.ErrTooLong("Aad")
	}
	return u, nil
}

// sealDataKey draws n bytes and encrypts them.
func sealDataKey(e *core.Engine, u keyUse, n int32, aad []byte) ([]byte, crypt.Blob, error) {
	if err := core.Needed("NumberOfBytes", n != 0); err != nil {
		return nil, crypt.Blob{}, err
	}
	if n < 1 || n > undocumented.InstanceDataKeyMax {
		return nil, crypt.Blob{}, core.ErrInvalidParameter("NumberOfBytes")
	}
	dataKey, err := e.Random(int(n))
	if err != nil {
		return nil, crypt.Blob{}, err
	}
	blob, err := seal(e, u, dataKey, aad)
	return dataKey, blob, err
}

func instanceDataKey(e *core.Engine, c *core.Call, in *dkms.GenerateDataKeyRequest) (*dkms.GenerateDataKeyResponse, error) {
	u, err := useForKeys(e, c, "GenerateDataKey", in.GetKeyId(), in.GetAlgorithm(), in.GetAad(), namedVersion(c.KeyVersionID))
	if err != nil {
		return nil, err
	}
	dataKey, blob, err := sealDataKey(e, u, in.GetNumberOfBytes(), in.GetAad())
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = u.version
	return &dkms.GenerateDataKeyResponse{
		KeyId: u.key.ID, Iv: blob.IV, Plaintext: dataKey, CiphertextBlob: blob.Sealed,
		RequestId: c.RequestID, Algorithm: string(u.spec.GCM()),
	}, nil
}

func advanceDataKey(e *core.Engine, c *core.Call, in *dkms.AdvanceGenerateDataKeyRequest) (*dkms.AdvanceGenerateDataKeyResponse, error) {
	u, err := useForAdvanceKeys(e, c, "AdvanceGenerateDataKey", in.GetKeyId(), in.GetAad())
	if err != nil {
		return nil, err
	}
	dataKey, blob, err := sealDataKey(e, u, in.GetNumberOfBytes(), in.GetAad())
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

func useForAdvanceKeys(e *core.Engine, c *core.Call, op, keyID string, aad []byte) (keyUse, error) {
	u, err := useForKeys(e, c, op, keyID, "", aad, primaryVersion)
	if err != nil {
		return keyUse{}, err
	}
	return u, u.advanceOnly()
}
