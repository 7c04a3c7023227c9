package emulator

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/pki"
)

// Limits of a gateway's connections. A secret value in a query, percent-encoded,
// needs some 100 KiB of header.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = time.Minute
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeader         = 256 << 10
)

// gatewayServer serves HTTP/1.1, as the gateways do, and HTTP/2 where TLS has
// negotiated it, see alpn.
func gatewayServer(h http.Handler, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Server{
		Handler: h, Protocols: protocols, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// alpn is what TLS negotiates, the preferred first: faults need the connection
// itself, so that a client gets HTTP/2 only if it offers nothing else.
func alpn() []string { return []string{"http/1.1", "h2"} }

// errHandshakeCut ends a handshake that a fault rule cuts.
var errHandshakeCut = errors.New("the handshake is cut by a fault rule")

// tlsConfig serves the authority's certificate, or what a fault rule wants
// instead. A client certificate is asked for on an instance, and never needed:
// the vendor's Go SDK sends one, its others do not.
func tlsConfig(a *pki.Authority, faults *fault.Injector, gateway engine.Gateway) (*tls.Config, error) {
	leaf, err := a.Leaf()
	if err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	good := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*leaf}, NextProtos: alpn()}
	if gateway == engine.Instance {
		good.ClientAuth = tls.RequestClientCert
	}
	config := good.Clone()
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		rule := faults.Match(fault.OnConnection, fault.Event{Gateway: string(gateway)})
		if rule == nil {
			return nil, nil
		}
		return faultyTLS(a, good, rule.Action, hello)
	}
	return config, nil
}

func faultyTLS(a *pki.Authority, good *tls.Config, action fault.Name, hello *tls.ClientHelloInfo) (*tls.Config, error) {
	config := good.Clone()
	var leaf *tls.Certificate
	var err error
	switch action {
	case fault.TLSExpired:
		leaf, err = a.Expired()
	case fault.TLSWrongSAN:
		leaf, err = a.WrongHost()
	case fault.TLSOld:
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	default:
		fault.Reset(hello.Conn)
		return nil, errHandshakeCut
	}
	if err != nil {
		return nil, err
	}
	if leaf != nil {
		config.Certificates = []tls.Certificate{*leaf}
	}
	return config, nil
}
