package kms

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// A gateway is a TLS server with its own CA that answers as a test says and
// keeps every request.
type gateway struct {
	*httptest.Server
	ca *CA

	mu       sync.Mutex
	requests []request
	conns    int
}

type request struct {
	method, uri, host string
	header            http.Header
	body              []byte
}

func (r request) form() (operation, body string) {
	return r.header.Get("X-Acs-Action"), string(r.body)
}

// serve starts a gateway for the test; answer sees the 1-based count of the
// request.
func serve(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, n int)) *gateway {
	t.Helper()
	g := &gateway{}
	ca, certificate := mint(t, time.Now().Add(time.Hour), "127.0.0.1")
	g.ca = ca
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		g.mu.Lock()
		g.requests = append(g.requests, request{r.Method, r.RequestURI, r.Host, r.Header.Clone(), body})
		n := len(g.requests)
		g.mu.Unlock()
		answer(w, r, n)
	}))
	g.Config.ErrorLog = quiet()
	g.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			g.mu.Lock()
			g.conns++
			g.mu.Unlock()
		}
	}
	g.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	g.StartTLS()
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) seen() []request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]request(nil), g.requests...)
}

func (g *gateway) connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conns
}

func (g *gateway) connection() Connection { return Connection{Endpoint: g.URL, CA: g.ca} }

// public returns a client of the gateway that never waits between attempts.
func (g *gateway) public(t testing.TB, changes ...func(*PublicConfig)) *Public {
	t.Helper()
	c := PublicConfig{Connection: g.connection(), Region: "cn-hangzhou", Credentials: testCredentials,
		Retry: RetryConfig{Clock: &instantClock{}}}
	for _, change := range changes {
		change(&c)
	}
	p, err := NewPublic(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func (g *gateway) clientKey(t testing.TB, changes ...func(*ClientKeyConfig)) *ClientKey {
	t.Helper()
	c := ClientKeyConfig{Connection: g.connection(), InstanceID: "kst-test", Key: testClientKey(t),
		Retry: RetryConfig{Clock: &instantClock{}}}
	for _, change := range changes {
		change(&c)
	}
	k, err := NewClientKey(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

const (
	canarySecret = "canary-ak-secret-8c1f"
	canaryToken  = "canary-sts-token-77aa"
	testKeyID    = "AKTESTKEYID00001"
)

var testCredentials = StaticCredentials(testKeyID, NewSecret(canarySecret), Secret{})

// instantClock records waits and returns at once.
type instantClock struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
}

func (c *instantClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.IsZero() {
		c.now = time.Unix(1_800_000_000, 0)
	}
	return c.now
}

func (c *instantClock) Sleep(ctx context.Context, d time.Duration) error {
	c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, d)
	c.now = c.now.Add(d)
	return ctx.Err()
}

func (c *instantClock) total() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum time.Duration
	for _, d := range c.waits {
		sum += d
	}
	return sum
}

// mint makes a CA and a server certificate for the hosts.
func mint(t testing.TB, notAfter time.Time, hosts ...string) (*CA, tls.Certificate) {
	t.Helper()
	caKey, caCert := certificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kmsplan test CA"},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "kmsplan test gateway"},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: notAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	key, cert := certificate(t, leaf, caCert, caKey)
	ca, err := ParseCA(pemOf(caCert), "test CA", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca, tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func certificate(t testing.TB, template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func pemOf(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// testClientKey is a ClientKey with a real RSA-2048 key and certificate.
func testClientKey(t testing.TB) *dkms.ClientKey {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(3), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &dkms.ClientKey{KeyID: "KAAP.test", Key: key, Certificate: cert}
}

// reply writes a JSON answer of the public gateway.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, `{"HttpStatus":`+strconv.Itoa(status)+`,"Code":"`+code+`","Message":"`+message+`","RequestId":"REQ-1"}`)
}

// without fails the test if text holds any of the canaries.
func without(t *testing.T, where, text string, canaries ...string) {
	t.Helper()
	for _, canary := range canaries {
		if strings.Contains(text, canary) {
			t.Errorf("%s holds %q:\n%s", where, canary, text)
		}
	}
}
