package engine

// cryptoOperations lists symmetric cryptography. The dedicated gateway serves all
// of it but ReEncrypt (KMS: Alibaba Cloud SDK, dedicated gateway).
func cryptoOperations() []Operation {
	return []Operation{
		op("Encrypt", GroupSymmetric, (*Engine).encrypt).dedicated(),
		op("Decrypt", GroupSymmetric, (*Engine).decrypt).dedicated(),
		op("ReEncrypt", GroupSymmetric, (*Engine).reEncrypt),
		op("GenerateDataKey", GroupSymmetric, (*Engine).generateDataKey).dedicated(),
		op("GenerateDataKeyWithoutPlaintext", GroupSymmetric, (*Engine).generateDataKeyWithoutPlaintext).dedicated(),
		op("ExportDataKey", GroupSymmetric, (*Engine).exportDataKey).dedicated(),
		op("GenerateAndExportDataKey", GroupSymmetric, (*Engine).generateAndExportDataKey).dedicated(),
	}
}
