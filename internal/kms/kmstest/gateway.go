package kmstest

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

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Gateway is a TLS server with its own CA that answers as a test says and
// keeps every request.
type Gateway struct {
	*httptest.Server
	ca *transport.CA

	mu       sync.Mutex
	requests []Request
	conns    int
}

// Request is what arrived.
type Request struct {
	Method, URI, Host string
	Header            http.Header
	Body              []byte
}

// Form returns the operation and the form of a request to the public gateway.
func (r Request) Form() (operation, body string) {
	return r.Header.Get("X-Acs-Action"), string(r.Body)
}

// Serve starts a gateway for the test; answer sees the 1-based count of the
// request.
func Serve(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, n int)) *Gateway {
	t.Helper()
	g := &Gateway{}
	ca, certificate := Mint(t, time.Now().Add(time.Hour), "127.0.0.1")
	g.ca = ca
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		g.mu.Lock()
		g.requests = append(g.requests, Request{r.Method, r.RequestURI, r.Host, r.Header.Clone(), body})
		n := len(g.requests)
		g.mu.Unlock()
		answer(w, r, n)
	}))
	g.Config.ErrorLog = Quiet()
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

// Seen returns the requests so far.
func (g *Gateway) Seen() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Request(nil), g.requests...)
}

// Connections is how many connections were made.
func (g *Gateway) Connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conns
}

// Connection reaches the gateway.
func (g *Gateway) Connection() transport.Connection {
	return transport.Connection{Endpoint: g.URL, CA: g.ca}
}

// The credential of the tests.
const (
	CanarySecret = "canary-ak-secret-8c1f"
	CanaryToken  = "canary-sts-token-77aa"
	KeyID        = "AKTESTKEYID00001"
)

// Credentials supply it.
var Credentials = kms.StaticCredentials(KeyID, kms.NewSecret(CanarySecret), kms.Secret{})

// InstantClock records waits and returns at once.
type InstantClock struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
}

// Now starts in 2027.
func (c *InstantClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.IsZero() {
		c.now = time.Unix(1_800_000_000, 0)
	}
	return c.now
}

// Sleep moves the clock.
func (c *InstantClock) Sleep(ctx context.Context, d time.Duration) error {
	c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, d)
	c.now = c.now.Add(d)
	return ctx.Err()
}

// Total is the sum of all waits.
func (c *InstantClock) Total() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum time.Duration
	for _, d := range c.waits {
		sum += d
	}
	return sum
}

// Mint makes a CA and a server certificate for the hosts.
func Mint(t testing.TB, notAfter time.Time, hosts ...string) (*transport.CA, tls.Certificate) {
	t.Helper()
	caKey, caCert := certificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA of the tests"},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "gateway of the tests"},
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
	ca, err := transport.ParseCA(PEMOf(caCert), "test CA", time.Now())
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

// PEMOf encodes a certificate.
func PEMOf(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

// RSAKey is one key for all tests of a process.
var RSAKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// ClientKey is a ClientKey with a real RSA-2048 key and certificate.
func ClientKey(t testing.TB) *dkms.ClientKey {
	t.Helper()
	key, err := RSAKey()
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

// Reply writes a JSON answer of the public gateway.
func Reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// Refuse writes a refusal of the public gateway.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	Reply(w, status, `{"HttpStatus":`+strconv.Itoa(status)+`,"Code":"`+code+`","Message":"`+message+`","RequestId":"REQ-1"}`)
}

// Without fails the test if text holds any of the canaries.
func Without(t *testing.T, where, text string, canaries ...string) {
	t.Helper()
	for _, canary := range canaries {
		if strings.Contains(text, canary) {
			t.Errorf("%s holds %q:\n%s", where, canary, text)
		}
	}
}
