package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

const (
	maxAnswerHeader = 64 << 10
	defaultTimeout  = 10 * time.Second
	defaultConns    = 64
	// idleTimeout is shorter than any server's, so that a request is hardly
	// ever written to a connection that is being closed.
	idleTimeout = 10 * time.Second
)

// Exchange is one gateway's HTTP: its own transport, with its own CA, so that
// no two gateways ever share a connection. HTTP/1.1, no redirects, no replays.
type Exchange struct {
	Endpoint  Endpoint
	transport *http.Transport
	ca        *CA // nil = the system's roots
	Timeout   time.Duration
}

func NewExchange(e Endpoint, c Connection) *Exchange {
	dialer := &net.Dialer{Timeout: cmp.Or(c.Timeout, defaultTimeout), KeepAlive: 30 * time.Second}
	conns := cmp.Or(c.MaxConns, defaultConns)
	config := &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(conns)}
	if c.CA != nil {
		config.RootCAs = c.CA.pool
	}
	proxy := c.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &Exchange{
		Endpoint: e,
		ca:       c.CA,
		Timeout:  cmp.Or(c.Timeout, defaultTimeout),
		transport: &http.Transport{
			Proxy: proxy,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dialer.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &countingConn{Conn: conn}, nil
			},
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    cmp.Or(c.Timeout, defaultTimeout),
			TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{}, // no HTTP/2: it replays
			MaxIdleConns:           conns,
			MaxIdleConnsPerHost:    conns,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxAnswerHeader,
			DisableCompression:     true,
		},
	}
}

// RoundTrip sends req exactly once and reads the whole answer. Its context must
// carry the attempt's deadline. On failure, sent says whether any byte of the
// request left.
func (x *Exchange) RoundTrip(req *http.Request) (a Answer, sent bool, err error) {
	var w wire
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: w.use}))
	req.GetBody = nil // net/http would replay the body on another connection
	response, err := x.transport.RoundTrip(req)
	if err != nil {
		return Answer{}, w.sent(), err
	}
	defer response.Body.Close()
	body, err := readAnswer(response)
	if err != nil {
		return Answer{}, true, err
	}
	return Answer{response.StatusCode, response.Header, body}, true, nil
}

// Close drops idle connections.
func (x *Exchange) Close() { x.transport.CloseIdleConnections() }
