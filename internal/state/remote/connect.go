package remote

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Encrypted reports whether what is sent to u is encrypted on its way, or does not leave this machine.
func Encrypted(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && (loopback(u.Hostname()) || safety.Off(safety.RemoteClear))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Transport makes connections over HTTP for what, "s3 backend" for example: TLS 1.2 at least, and no step without an end. caFile, PEM, stands in
// place of the system's certificates; "" = those.
func Transport(what, caFile string) (*http.Transport, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("the %s's ca_file: %w", what, err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the %s's ca_file %s holds no certificate in PEM", what, caFile)
		}
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: t, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: time.Minute,
	}, nil
}

// Client is a Transport that follows no redirect: one would carry credentials to whoever it names.
func Client(what, caFile string) (*http.Client, error) {
	t, err := Transport(what, caFile)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: t, CheckRedirect: stay}, nil
}

func stay(*http.Request, []*http.Request) error {
	if safety.Off(safety.RemoteRedirect) {
		return nil
	}
	return http.ErrUseLastResponse
}
