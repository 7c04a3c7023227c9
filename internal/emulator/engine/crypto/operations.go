package crypto

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// Operations are those of the public and dedicated gateways that use keys.
func Operations() []core.Operation {
	return slices.Concat(cryptoOperations(), asymmetricOperations(), olderOperations())
}

// cryptoOperations lists symmetric cryptography. The dedicated gateway serves all
// of it but ReEncrypt (KMS: Alibaba Cloud SDK, dedicated gateway).
func cryptoOperations() []core.Operation {
	return []core.Operation{
		core.Op("Encrypt", core.GroupSymmetric, encrypt).OnDedicated(),
		core.Op("Decrypt", core.GroupSymmetric, decrypt).OnDedicated(),
		core.Op("ReEncrypt", core.GroupSymmetric, reEncrypt),
		core.Op("GenerateDataKey", core.GroupSymmetric, generateDataKey).OnDedicated(),
		core.Op("GenerateDataKeyWithoutPlaintext", core.GroupSymmetric, generateDataKeyWithoutPlaintext).OnDedicated(),
		core.Op("ExportDataKey", core.GroupSymmetric, exportDataKey).OnDedicated(),
		core.Op("GenerateAndExportDataKey", core.GroupSymmetric, generateAndExportDataKey).OnDedicated(),
	}
}
