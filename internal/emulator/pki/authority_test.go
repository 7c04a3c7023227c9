package pki_test

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/pki"
)

var names = pki.Names([]string{"cn-hangzhou", "ap-southeast-1"}, []string{"kms.test"})

func open(t *testing.T, dir string, names []string, at time.Time) *pki.Authority {
	t.Helper()
	a, err := pki.Open(dir, names, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func leaf(t *testing.T, a *pki.Authority) *x509.Certificate {
	t.Helper()
	pair, err := a.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, pair)
}

func parse(t *testing.T, pair *tls.Certificate) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verify checks a leaf as a client does that trusts the file at Path.
func verify(t *testing.T, a *pki.Authority, c *x509.Certificate, host string, at time.Time) error {
	t.Helper()
	pem, err := os.ReadFile(a.Path())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) || string(pem) != a.PEM() {
		t.Fatal("the CA file is not the CA")
	}
	_, err = c.Verify(x509.VerifyOptions{DNSName: host, Roots: pool, CurrentTime: at})
	return err
}

func TestLeafIsGoodForEveryName(t *testing.T) {
	at := time.Now()
	a := open(t, t.TempDir(), names, at)
	c := leaf(t, a)
	for _, host := range []string{"127.0.0.1", "::1", "localhost", "kms.cn-hangzhou.aliyuncs.com", "kms-vpc.ap-southeast-1.aliyuncs.com",
		"kst-hzz65f176a0ogplgq1234.cryptoservice.kms.aliyuncs.com", "kms.test"} {
		if err := verify(t, a, c, host, at); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if verify(t, a, c, "example.com", at) == nil {
		t.Error("the certificate is good for a stranger's host")
	}
}

func TestAuthorityAndLeafAreKept(t *testing.T) {
	dir, at := t.TempDir(), time.Now()
	a := open(t, dir, names, at)
	first := leaf(t, a)
	b := open(t, dir, names, at.Add(24*time.Hour))
	if a.PEM() != b.PEM() || !first.Equal(leaf(t, b)) {
		t.Fatal("a restart changed the certificates")
	}
	for file, mode := range map[string]fs.FileMode{"ca.key": 0o600, "server.key": 0o600} {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
}

func TestLeafIsRenewed(t *testing.T) {
	dir, at := t.TempDir(), time.Now()
	a := open(t, dir, names, at)
	first := leaf(t, a)
	later := at.Add(395 * 24 * time.Hour)
	b := open(t, dir, names, later)
	second := leaf(t, b)
	if first.Equal(second) || verify(t, b, second, "localhost", later.Add(100*24*time.Hour)) != nil || a.PEM() != b.PEM() {
		t.Fatal("an ending leaf was not renewed under the same CA")
	}
	more := open(t, dir, append(names, "new.test"), later)
	if verify(t, more, leaf(t, more), "new.test", later) != nil {
		t.Fatal("a new name did not renew the leaf")
	}
}

func TestExpiredAuthorityIsReplaced(t *testing.T) {
	dir, at := t.TempDir(), time.Now()
	old := open(t, dir, names, at).PEM()
	later := at.Add(11 * 365 * 24 * time.Hour)
	a := open(t, dir, names, later)
	if a.PEM() == old || verify(t, a, leaf(t, a), "localhost", later) != nil {
		t.Fatal("the expired CA is still in use")
	}
}

func TestDamagedAuthorityIsAClearError(t *testing.T) {
	dir, at := t.TempDir(), time.Now()
	open(t, dir, names, at)
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pki.Open(dir, names, time.Now); err == nil {
		t.Fatal("garbage was accepted")
	}
}

func TestFaultyLeaves(t *testing.T) {
	at := time.Now()
	a := open(t, t.TempDir(), names, at)
	expired, err := a.Expired()
	if err != nil {
		t.Fatal(err)
	}
	if verify(t, a, parse(t, expired), "localhost", at) == nil {
		t.Error("the expired leaf is valid")
	}
	if err := verify(t, a, parse(t, expired), "localhost", at.Add(-24*time.Hour)); err != nil {
		t.Errorf("the expired leaf was never valid: %v", err)
	}
	wrong, err := a.WrongHost()
	if err != nil {
		t.Fatal(err)
	}
	if verify(t, a, parse(t, wrong), "localhost", at) == nil {
		t.Error("the wrong host's leaf is good for localhost")
	}
}
