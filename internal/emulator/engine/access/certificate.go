package access

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// certificateOperations are the service's retired certificate manager. They are
// answered with a refusal, so that a client learns it from the service.
func certificateOperations() []core.Operation {
	var all []core.Operation
	for _, name := range []string{
		"CreateCertificate", "UploadCertificate", "GetCertificate", "DescribeCertificate",
		"UpdateCertificateStatus", "DeleteCertificate", "CertificatePublicKeyEncrypt",
		"CertificatePrivateKeyDecrypt", "CertificatePrivateKeySign", "CertificatePublicKeyVerify",
	} {
		all = append(all, core.Op(name, core.GroupAsymmetric, refuseCertificate))
	}
	return all
}

func refuseCertificate(e *core.Engine, _ *core.Call, _ *core.Empty) (*core.Empty, error) {
	return nil, core.ErrCertificates()
}
