package crypto

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

type DataKeyRequest struct {
	KeyId, KeySpec    *string
	NumberOfBytes     *int64
	EncryptionContext core.JSONMap
	DryRun            *string
}

type DataKeyResponse struct{ CiphertextBlob, KeyId, KeyVersionId, Plaintext string }

// generateDataKey makes a random data key and encrypts it under the primary
// version (KMS: GenerateDataKey).
func generateDataKey(e *core.Engine, c *core.Call, in *DataKeyRequest) (*DataKeyResponse, error) {
	dataKey, sealed, err := newDataKey(e, c, "GenerateDataKey", in)
	if err != nil {
		return core.Rehearse[DataKeyResponse](in.DryRun, nil, err)
	}
	return core.Rehearse(in.DryRun, &DataKeyResponse{sealed.CiphertextBlob, sealed.KeyId, sealed.KeyVersionId, core.Base64Text(dataKey)}, nil)
}

func generateDataKeyWithoutPlaintext(e *core.Engine, c *core.Call, in *DataKeyRequest) (*EncryptResponse, error) {
	_, sealed, err := newDataKey(e, c, "GenerateDataKeyWithoutPlaintext", in)
	return core.Rehearse(in.DryRun, sealed, err)
}

func newDataKey(e *core.Engine, c *core.Call, op string, in *DataKeyRequest) ([]byte, *EncryptResponse, error) {
	n, err := dataKeySize(in.KeySpec, in.NumberOfBytes)
	if err != nil {
		return nil, nil, err
	}
	dataKey, err := e.Random(n)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := sealPublic(e, c, op, core.Text(in.KeyId), []byte(core.Base64Text(dataKey)), in.EncryptionContext, "EncryptionContext")
	return dataKey, sealed, err
}

// dataKeySize: NumberOfBytes (1–1,024) overrides KeySpec; AES_256 is the default.
func dataKeySize(spec *string, bytes *int64) (int, error) {
	size := core.DataKeyDefault
	switch core.Text(spec) {
	case "", "AES_256":
	case "AES_128":
		size = 16
	default:
		return 0, core.ErrInvalidParameter("KeySpec")
	}
	if bytes != nil {
		if *bytes < 1 || *bytes > core.DataKeyMax {
			return 0, core.ErrInvalidParameter("NumberOfBytes")
		}
		size = int(*bytes)
	}
	return size, nil
}

// wrapping is a caller's public key that a data key leaves under.
type wrapping struct{ PublicKeyBlob, WrappingAlgorithm, WrappingKeySpec *string }

// wrap encrypts a data key (KMS: ExportDataKey; RSA_2048 with RSAES_OAEP_SHA_256
// or _SHA_1, EC_SM2 with SM2PKE).
func wrap(e *core.Engine, w wrapping, dataKey []byte) (string, error) {
	public, err := core.DecodeParam(w.PublicKeyBlob, "PublicKeyBlob")
	if err != nil {
		return "", err
	}
	algorithm, err := core.Required("WrappingAlgorithm", w.WrappingAlgorithm)
	if err != nil {
		return "", err
	}
	spec, err := core.Required("WrappingKeySpec", w.WrappingKeySpec)
	if err != nil {
		return "", err
	}
	wrapped, err := crypt.Wrap(e.Rand, spec, crypt.Algorithm(algorithm), public, dataKey)
	if err != nil {
		return "", cryptRefusal(err, "PublicKeyBlob")
	}
	return core.Base64Text(wrapped), nil
}

type ExportDataKeyRequest struct {
	CiphertextBlob                                    *string
	EncryptionContext                                 core.JSONMap
	PublicKeyBlob, WrappingAlgorithm, WrappingKeySpec *string
	DryRun                                            *string
}

type ExportDataKeyResponse struct{ ExportedDataKey, KeyId, KeyVersionId string }

// exportDataKey opens a data key and encrypts it under the caller's public key.
func exportDataKey(e *core.Engine, c *core.Call, in *ExportDataKeyRequest) (*ExportDataKeyResponse, error) {
	dataKey, u, err := openPublic(e, c, "ExportDataKey", in.CiphertextBlob, in.EncryptionContext, "EncryptionContext")
	if err != nil {
		return core.Rehearse[ExportDataKeyResponse](in.DryRun, nil, err)
	}
	exported, err := wrap(e, wrapping{in.PublicKeyBlob, in.WrappingAlgorithm, in.WrappingKeySpec}, Unpacked(dataKey))
	if err != nil {
		return core.Rehearse[ExportDataKeyResponse](in.DryRun, nil, err)
	}
	return core.Rehearse(in.DryRun, &ExportDataKeyResponse{exported, u.key.ID, u.version}, nil)
}

type GenerateAndExportDataKeyRequest struct {
	KeyId, KeySpec                                    *string
	NumberOfBytes                                     *int64
	EncryptionContext                                 core.JSONMap
	PublicKeyBlob, WrappingAlgorithm, WrappingKeySpec *string
	DryRun                                            *string
}

type GenerateAndExportDataKeyResponse struct{ CiphertextBlob, ExportedDataKey, KeyId, KeyVersionId string }

// generateAndExportDataKey does GenerateDataKey and ExportDataKey in one call.
func generateAndExportDataKey(e *core.Engine, c *core.Call, in *GenerateAndExportDataKeyRequest) (*GenerateAndExportDataKeyResponse, error) {
	request := &DataKeyRequest{KeyId: in.KeyId, KeySpec: in.KeySpec, NumberOfBytes: in.NumberOfBytes, EncryptionContext: in.EncryptionContext}
	dataKey, sealed, err := newDataKey(e, c, "GenerateAndExportDataKey", request)
	if err != nil {
		return core.Rehearse[GenerateAndExportDataKeyResponse](in.DryRun, nil, err)
	}
	exported, err := wrap(e, wrapping{in.PublicKeyBlob, in.WrappingAlgorithm, in.WrappingKeySpec}, dataKey)
	if err != nil {
		return core.Rehearse[GenerateAndExportDataKeyResponse](in.DryRun, nil, err)
	}
	out := &GenerateAndExportDataKeyResponse{sealed.CiphertextBlob, exported, sealed.KeyId, sealed.KeyVersionId}
	return core.Rehearse(in.DryRun, out, nil)
}
