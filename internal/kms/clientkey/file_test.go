package clientkey

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// testClientKeyFile is a ClientKey file as CreateClientKey hands it out.
func testClientKeyFile(t *testing.T, password string, notAfter time.Time) ([]byte, error) {
	t.Helper()
	key, err := kmstest.RSAKey()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(4), NotBefore: notAfter.Add(-time.Hour), NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pfx, err := pkcs12.LegacyRC2.Encode(key, cert, nil, password)
	if err != nil {
		return nil, err
	}
	return dkms.MarshalClientKey("KAAP.file", base64.StdEncoding.EncodeToString(pfx))
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
