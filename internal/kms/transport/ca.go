package transport

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// maxCABytes bounds a CA file; an instance's chain has about 4 KiB.
const maxCABytes = 1 << 20

// CA is a set of certificates that a gateway's certificate must lead to.
type CA struct {
	Source       string // file name, or what the caller said
	Certificates []*x509.Certificate
	pool         *x509.CertPool
}

// ReadCA reads and checks a PEM file of CA certificates, for example the
// PrivateKmsCA_kst-….pem that the console offers for an instance.
func ReadCA(file string, now time.Time) (*CA, error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("CA file %s does not exist: download the instance's CA certificate from the KMS console, or write GetKmsInstance's CaCertificateChainPem to it", file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the CA file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCABytes))
	if err != nil {
		return nil, fmt.Errorf("reading the CA file %s: %w", file, err)
	}
	return ParseCA(text, file, now)
}

// ParseCA checks PEM text. source names it in errors. At least one certificate
// must be valid at now.
func ParseCA(text []byte, source string, now time.Time) (*CA, error) {
	ca := &CA{Source: source, pool: x509.NewCertPool()}
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("CA %s holds a PEM block %q: only CERTIFICATE blocks belong there", source, block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("CA %s: certificate %d cannot be read: %w", source, len(ca.Certificates)+1, err)
		}
		ca.Certificates = append(ca.Certificates, cert)
		ca.pool.AddCert(cert)
	}
	if len(ca.Certificates) == 0 {
		return nil, fmt.Errorf("CA %s is not a PEM certificate: it must begin with -----BEGIN CERTIFICATE-----", source)
	}
	return ca, ca.checkValidity(now)
}

// checkValidity fails when no certificate of the set is valid at now.
func (ca *CA) checkValidity(now time.Time) error {
	for _, cert := range ca.Certificates {
		if !now.Before(cert.NotBefore) && !now.After(cert.NotAfter) {
			return nil
		}
	}
	first := ca.Certificates[0]
	if now.Before(first.NotBefore) {
		return fmt.Errorf("CA %s is valid only from %s: check this machine's clock", ca.Source, first.NotBefore.UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("CA %s expired on %s: download the instance's current CA certificate", ca.Source, first.NotAfter.UTC().Format(time.RFC3339))
}

// Subject names the first certificate.
func (ca *CA) Subject() string { return ca.Certificates[0].Subject.String() }

// NotAfter is when the first of the set's certificates expires.
func (ca *CA) NotAfter() time.Time {
	first := ca.Certificates[0].NotAfter
	for _, cert := range ca.Certificates[1:] {
		if cert.NotAfter.Before(first) {
			first = cert.NotAfter
		}
	}
	return first
}
