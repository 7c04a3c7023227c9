package engine

// certificateOperations are the service's retired certificate manager. They are
// answered with a refusal, so that a client learns it from the service.
func certificateOperations() []Operation {
	var all []Operation
	for _, name := range []string{
		"CreateCertificate", "UploadCertificate", "GetCertificate", "DescribeCertificate",
		"UpdateCertificateStatus", "DeleteCertificate", "CertificatePublicKeyEncrypt",
		"CertificatePrivateKeyDecrypt", "CertificatePrivateKeySign", "CertificatePublicKeyVerify",
	} {
		all = append(all, op(name, GroupAsymmetric, (*Engine).refuseCertificate))
	}
	return all
}

func (e *Engine) refuseCertificate(*Call, *empty) (*empty, error) { return nil, errCertificates() }
