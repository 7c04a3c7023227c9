package kms

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"time"
)

const (
	maxAnswer       = 1 << 20 // bytes; KMS's largest answer is some 300 KiB
	maxAnswerHeader = 64 << 10
	defaultTimeout  = 10 * time.Second
	defaultConns    = 64
	// idleTimeout is shorter than any server's, so that a request is hardly
	// ever written to a connection that is being closed.
	idleTimeout = 10 * time.Second
)

// exchange is one gateway's HTTP: its own transport, with its own CA, so that
// no two gateways ever share a connection. HTTP/1.1, no redirects, no replays.
type exchange struct {
	endpoint  endpoint
	transport *http.Transport
	ca        *CA // nil = the system's roots
	timeout   time.Duration
}

// answer is a whole HTTP answer, its body bounded by maxAnswer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func newExchange(e endpoint, c Connection) *exchange {
	dialer := &net.Dialer{Timeout: orDefault(c.Timeout, defaultTimeout), KeepAlive: 30 * time.Second}
	conns := orDefault(c.MaxConns, defaultConns)
	config := &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(conns)}
	if c.CA != nil {
		config.RootCAs = c.CA.pool
	}
	return &exchange{
		endpoint: e,
		ca:       c.CA,
		timeout:  orDefault(c.Timeout, defaultTimeout),
		transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dialer.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &countingConn{Conn: conn}, nil
			},
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    orDefault(c.Timeout, defaultTimeout),
			TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{}, // no HTTP/2: it replays
			MaxIdleConns:           conns,
			MaxIdleConnsPerHost:    conns,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxAnswerHeader,
			DisableCompression:     true,
		},
	}
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// roundTrip sends req exactly once and reads the whole answer. Its context must
// carry the attempt's deadline. On failure, sent says whether any byte of the
// request left.
func (x *exchange) roundTrip(req *http.Request) (a answer, sent bool, err error) {
	var w wire
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: w.use}))
	req.GetBody = nil // net/http would replay the body on another connection
	response, err := x.transport.RoundTrip(req)
	if err != nil {
		return answer{}, w.sent(), err
	}
	defer response.Body.Close()
	body, err := readAnswer(response)
	if err != nil {
		return answer{}, true, err
	}
	return answer{response.StatusCode, response.Header, body}, true, nil
}

// readAnswer reads the body, at most maxAnswer bytes.
func readAnswer(response *http.Response) ([]byte, error) {
	if n := response.ContentLength; n > maxAnswer {
		return nil, errTooLarge
	} else if n >= 0 {
		body := make([]byte, n)
		_, err := io.ReadFull(response.Body, body)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if len(body) > maxAnswer {
		return nil, errTooLarge
	}
	return body, err
}

// countingConn counts what was written, to tell a request that never left from
// one whose answer was lost.
type countingConn struct {
	net.Conn
	counter
}

func (c *countingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.add(n)
	return n, err
}

// retryAfter is how long the service asks to wait, from Retry-After (seconds or
// a date) or the gateway's x-ratelimit-user headers (…,TimeLeft:2).
func (a answer) retryAfter(now time.Time) time.Duration {
	if text := a.header.Get("Retry-After"); text != "" {
		if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 && seconds <= 86400 {
			return time.Duration(seconds) * time.Second
		}
		if at, err := http.ParseTime(text); err == nil && at.After(now) {
			return at.Sub(now)
		}
	}
	return max(timeLeft(a.header.Get("X-Ratelimit-User-Api")), timeLeft(a.header.Get("X-Ratelimit-User")))
}

// clockSkew is the server's clock minus ours, 0 when unknown or below the Date
// header's resolution.
func (a answer) clockSkew(now time.Time) time.Duration {
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return 0
	}
	if skew := date.Sub(now.Truncate(time.Second)); skew.Abs() >= 2*time.Second {
		return skew
	}
	return 0
}
