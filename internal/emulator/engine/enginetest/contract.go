package enginetest

// RefusedOperations answer a documented refusal and nothing else.
var RefusedOperations = []string{
	"CreateCertificate", "UploadCertificate", "GetCertificate", "DescribeCertificate",
	"UpdateCertificateStatus", "DeleteCertificate", "CertificatePublicKeyEncrypt",
	"CertificatePrivateKeyDecrypt", "CertificatePrivateKeySign", "CertificatePublicKeyVerify",
}
