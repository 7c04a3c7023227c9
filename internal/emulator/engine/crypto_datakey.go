package engine

import "kmsplan.dev/kmsplan/internal/emulator/crypt"

type dataKeyRequest struct {
	KeyId, KeySpec    *string
	NumberOfBytes     *int64
	EncryptionContext JSONMap
	DryRun            *string
}

type dataKeyResponse struct{ CiphertextBlob, KeyId, KeyVersionId, Plaintext string }

// generateDataKey makes a random data key and encrypts it under the primary
// version (KMS: GenerateDataKey).
func (e *Engine) generateDataKey(c *Call, in *dataKeyRequest) (*dataKeyResponse, error) {
	dataKey, sealed, err := e.newDataKey(c, "GenerateDataKey", in)
	if err != nil {
		return rehearse[dataKeyResponse](in.DryRun, nil, err)
	}
	return rehearse(in.DryRun, &dataKeyResponse{sealed.CiphertextBlob, sealed.KeyId, sealed.KeyVersionId, base64Text(dataKey)}, nil)
}

func (e *Engine) generateDataKeyWithoutPlaintext(c *Call, in *dataKeyRequest) (*encryptResponse, error) {
	_, sealed, err := e.newDataKey(c, "GenerateDataKeyWithoutPlaintext", in)
	return rehearse(in.DryRun, sealed, err)
}

func (e *Engine) newDataKey(c *Call, op string, in *dataKeyRequest) ([]byte, *encryptResponse, error) {
	n, err := dataKeySize(in.KeySpec, in.NumberOfBytes)
	if err != nil {
		return nil, nil, err
	}
	dataKey, err := e.random(n)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := e.sealPublic(c, op, text(in.KeyId), []byte(base64Text(dataKey)), in.EncryptionContext, "EncryptionContext")
	return dataKey, sealed, err
}

// dataKeySize: NumberOfBytes (1–1,024) overrides KeySpec; AES_256 is the default.
func dataKeySize(spec *string, bytes *int64) (int, error) {
	size := dataKeyDefault
	switch text(spec) {
	case "", "AES_256":
	case "AES_128":
		size = 16
	default:
		return 0, errInvalidParameter("KeySpec")
	}
	if bytes != nil {
		if *bytes < 1 || *bytes > dataKeyMax {
			return 0, errInvalidParameter("NumberOfBytes")
		}
		size = int(*bytes)
	}
	return size, nil
}

// wrapping is a caller's public key that a data key leaves under.
type wrapping struct{ PublicKeyBlob, WrappingAlgorithm, WrappingKeySpec *string }

// wrap encrypts a data key (KMS: ExportDataKey; RSA_2048 with RSAES_OAEP_SHA_256
// or _SHA_1, EC_SM2 with SM2PKE).
func (e *Engine) wrap(w wrapping, dataKey []byte) (string, error) {
	public, err := decodeParam(w.PublicKeyBlob, "PublicKeyBlob")
	if err != nil {
		return "", err
	}
	algorithm, err := required("WrappingAlgorithm", w.WrappingAlgorithm)
	if err != nil {
		return "", err
	}
	spec, err := required("WrappingKeySpec", w.WrappingKeySpec)
	if err != nil {
		return "", err
	}
	wrapped, err := crypt.Wrap(e.rand, spec, crypt.Algorithm(algorithm), public, dataKey)
	if err != nil {
		return "", cryptRefusal(err, "PublicKeyBlob")
	}
	return base64Text(wrapped), nil
}

type exportDataKeyRequest struct {
	CiphertextBlob                                    *string
	EncryptionContext                                 JSONMap
	PublicKeyBlob, WrappingAlgorithm, WrappingKeySpec *string
	DryRun                                            *string
}

type exportDataKeyResponse struct{ ExportedDataKey, KeyId, KeyVersionId string }

// exportDataKey opens a data key and encrypts it under the caller's public key.
func (e *Engine) exportDataKey(c *Call, in *exportDataKeyRequest) (*exportDataKeyResponse, error) {
	dataKey, u, err := e.openPublic(c, "ExportDataKey", in.CiphertextBlob, in.EncryptionContext, "EncryptionContext")
	if err != nil {
		return rehearse[exportDataKeyResponse](in.DryRun, nil, err)
	}
	exported, err := e.wrap(wrapping{in.PublicKeyBlob, in.WrappingAlgorithm, in.WrappingKeySpec}, unpacked(dataKey))
	if err != nil {
		return rehearse[exportDataKeyResponse](in.DryRun, nil, err)
	}
	return rehearse(in.DryRun, &exportDataKeyResponse{exported, u.key.ID, u.version}, nil)
}

type generateAndExportDataKeyRequest struct {
	KeyId, KeySpec                                    *string
	NumberOfBytes                                     *int64
	EncryptionContext                                 JSONMap
	PublicKeyBlob, WrappingAlgorithm, WrappingKeySpec *string
	DryRun                                            *string
}

type generateAndExportDataKeyResponse struct{ CiphertextBlob, ExportedDataKey, KeyId, KeyVersionId string }

// generateAndExportDataKey does GenerateDataKey and ExportDataKey in one call.
func (e *Engine) generateAndExportDataKey(c *Call, in *generateAndExportDataKeyRequest) (*generateAndExportDataKeyResponse, error) {
	request := &dataKeyRequest{KeyId: in.KeyId, KeySpec: in.KeySpec, NumberOfBytes: in.NumberOfBytes, EncryptionContext: in.EncryptionContext}
	dataKey, sealed, err := e.newDataKey(c, "GenerateAndExportDataKey", request)
	if err != nil {
		return rehearse[generateAndExportDataKeyResponse](in.DryRun, nil, err)
	}
	exported, err := e.wrap(wrapping{in.PublicKeyBlob, in.WrappingAlgorithm, in.WrappingKeySpec}, dataKey)
	if err != nil {
		return rehearse[generateAndExportDataKeyResponse](in.DryRun, nil, err)
	}
	out := &generateAndExportDataKeyResponse{sealed.CiphertextBlob, exported, sealed.KeyId, sealed.KeyVersionId}
	return rehearse(in.DryRun, out, nil)
}
