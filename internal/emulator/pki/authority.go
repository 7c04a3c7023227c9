package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
)

// The files of an authority in its directory.
const (
	CAFile      = "ca.pem"     // 0644: give it to clients
	caKeyFile   = "ca.key"     // 0600
	leafFile    = "server.pem" // 0644, with its key in server.key
	leafKeyFile = "server.key" // 0600
)

// How long certificates are good for, and how early they are renewed.
const (
	caLife    = 10 * 365 * 24 * time.Hour
	leafLife  = 397 * 24 * time.Hour
	renewLeft = 7 * 24 * time.Hour
)

// Authority signs the emulator's certificates.
type Authority struct {
	dir         string
	names       []string
	now         func() time.Time
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Open loads the authority kept in dir, or makes one; an expired one is made
// anew. Names are the DNS names and addresses that leaves are good for.
func Open(dir string, names []string, now func() time.Time) (*Authority, error) {
	a := &Authority{dir: dir, names: names, now: now}
	certificate, key, err := load(filepath.Join(dir, CAFile), filepath.Join(dir, caKeyFile))
	switch {
	case err == nil && certificate.NotAfter.After(now().Add(renewLeft)):
		a.certificate, a.key = certificate, key
		return a, nil
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return a, a.create()
	default:
		return nil, fmt.Errorf("open the emulator's certificate authority in %s: %w (delete %s and %s to have it made anew)", dir, err, CAFile, caKeyFile)
	}
}

func (a *Authority) create() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the emulator's CA key: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"kmsplan emulator"}, CommonName: "kmsplan emulator CA " + serial.Text(16)[:8]},
		NotBefore:             a.now().Add(-72 * time.Hour), // before the expired leaf's beginning
		NotAfter:              a.now().Add(caLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("make the emulator's CA: %w", err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("make the emulator's CA: %w", err)
	}
	a.key = key
	return save(filepath.Join(a.dir, CAFile), filepath.Join(a.dir, caKeyFile), der, key)
}

// Path is the file that clients take as CA.
func (a *Authority) Path() string { return filepath.Join(a.dir, CAFile) }

// PEM is the CA certificate.
func (a *Authority) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

// Leaf returns the server certificate kept in the directory, made anew when it
// is about to expire, lacks a name, or belongs to another authority.
func (a *Authority) Leaf() (*tls.Certificate, error) {
	certPath, keyPath := filepath.Join(a.dir, leafFile), filepath.Join(a.dir, leafKeyFile)
	certificate, key, err := load(certPath, keyPath)
	if err == nil && a.serves(certificate) {
		return a.chain(certificate.Raw, key), nil
	}
	leaf, err := a.issue(a.names, a.now().Add(-time.Hour), a.now().Add(leafLife))
	if err != nil {
		return nil, err
	}
	return leaf, save(certPath, keyPath, leaf.Certificate[0], leaf.PrivateKey.(*ecdsa.PrivateKey))
}

func (a *Authority) serves(certificate *x509.Certificate) bool {
	if certificate.CheckSignatureFrom(a.certificate) != nil || certificate.NotAfter.Before(a.now().Add(renewLeft)) {
		return false
	}
	has := map[string]bool{}
	for _, name := range certificate.DNSNames {
		has[name] = true
	}
	for _, ip := range certificate.IPAddresses {
		has[ip.String()] = true
	}
	for _, name := range a.names {
		if !has[name] {
			return false
		}
	}
	return true
}

// Expired returns a leaf that ended an hour ago, for the fault of that name.
func (a *Authority) Expired() (*tls.Certificate, error) {
	return a.issue(a.names, a.now().Add(-48*time.Hour), a.now().Add(-time.Hour))
}

// WrongHost returns a leaf for a host that nobody asks for.
func (a *Authority) WrongHost() (*tls.Certificate, error) {
	return a.issue([]string{"wrong-host.invalid"}, a.now().Add(-time.Hour), a.now().Add(time.Hour))
}

// issue signs a leaf for the names.
func (a *Authority) issue(names []string, notBefore, notAfter time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a server key: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"kmsplan emulator"}, CommonName: names[0]},
		NotBefore:    notBefore,
		NotAfter:     notAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("make a server certificate: %w", err)
	}
	return a.chain(der, key), nil
}

func (a *Authority) chain(der []byte, key *ecdsa.PrivateKey) *tls.Certificate {
	return &tls.Certificate{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key}
}

func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make a certificate's serial number: %w", err)
	}
	return serial.SetBit(serial, 120, 1), nil
}

// load reads a certificate and its key, and refuses a pair that does not match.
func load(certPath, keyPath string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	if _, err := os.Stat(certPath); err != nil {
		return nil, nil, err
	}
	pair, err := tls.LoadX509KeyPair(certPath, keyPath)
	if err != nil {
		return nil, nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("%s holds no EC key", keyPath)
	}
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	return certificate, key, err
}

// save writes the key first: a crash before the first certificate is written
// leaves no pair, and both are made anew.
func save(certPath, keyPath string, der []byte, key *ecdsa.PrivateKey) error {
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode %s: %w", keyPath, err)
	}
	for _, f := range []struct {
		path string
		mode fs.FileMode
		data []byte
	}{
		{keyPath, 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})},
		{certPath, 0o644, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})},
	} {
		if err := durable.WriteFile(f.path, f.data, f.mode); err != nil {
			return fmt.Errorf("write %s: %w", f.path, err)
		}
	}
	return nil
}
