package kms

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const canaryPlain = "canary-plaintext-51ab"

// encryptCanary makes a call whose parameters hold a canary.
func encryptCanary(p *Public) error {
	_, err := p.Encrypt(context.Background(), "key-1", []byte(canaryPlain), map[string]string{"app": "orders"})
	return err
}

func noRetry(c *PublicConfig) { c.Retry.MaxAttempts = 1 }

// kmsError asserts that err is an *Error and holds no canary.
func kmsError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("not an *Error: %v", err)
	}
	without(t, "error", fmt.Sprintf("%v %+v %#v", err, *e, e.Cause), canaryPlain, "Y2FuYXJ5LXBsYWludGV4dC01MWFi", canarySecret, canaryToken, "Plaintext=")
	return e
}

// Two gateways on one host and port, each with its own CA: the second must not
// ride on the first's connection or trust.
func TestGatewaysDoNotShareTransports(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, 200, describedKey) })
	other, _ := mint(t, time.Now().Add(time.Hour), "127.0.0.1")
	good := g.public(t)
	bad := g.public(t, func(c *PublicConfig) { c.CA = other })
	for range 2 {
		if _, err := good.DescribeKey(context.Background(), "key-1"); err != nil {
			t.Fatal(err)
		}
		_, err := bad.DescribeKey(context.Background(), "key-1")
		e := kmsError(t, err)
		if e.Code != CodeTLS || e.Outcome != Definite || e.Attempts != 1 {
			t.Errorf("%+v", e)
		}
		if !strings.Contains(err.Error(), "ca_file") {
			t.Errorf("no way forward: %v", err)
		}
	}
	if n := len(g.seen()); n != 2 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestTLSErrorHoldsNoParameters(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, 200, `{}`) })
	p := g.public(t, func(c *PublicConfig) { c.CA = nil })
	e := kmsError(t, encryptCanary(p))
	if e.Code != CodeTLS || strings.Contains(e.Error(), "https://") {
		t.Error(e)
	}
}

func TestServerCertificateIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		notAfter time.Time
		host     string
		want     string
	}{
		"expired":    {time.Now().Add(-time.Hour), "127.0.0.1", "certificate must be renewed"},
		"other name": {time.Now().Add(time.Hour), "kms.example.com", "not in the server's certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, 200, `{}`) })
			ca, cert := mint(t, c.notAfter, c.host)
			g.TLS.Certificates = []tls.Certificate{cert}
			p := g.public(t, func(config *PublicConfig) { config.CA = ca })
			e := kmsError(t, encryptCanary(p))
			if e.Code != CodeTLS || !strings.Contains(e.Error(), c.want) || e.Attempts != 1 {
				t.Error(e)
			}
		})
	}
}

// A server that never answers is left at the attempt's time or at the caller's
// deadline, whichever is first; the call is ambiguous.
func TestHungServerEndsAtTheDeadline(t *testing.T) {
	release := make(chan struct{})
	g := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			reply(w, 200, describedKey)
			return
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	p := g.public(t, noRetry)
	if _, err := p.DescribeKey(context.Background(), "key-1"); err != nil { // the connection is made before time counts
		t.Fatal(err)
	}
	p.exchange.timeout = 300 * time.Millisecond
	e := kmsError(t, encryptCanary(p))
	if e.Code != CodeTimeout || e.Outcome != Ambiguous || !errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("attempt: %+v", e)
	}
	slow := g.public(t)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := slow.DescribeKey(ctx, "key-1")
	if e := kmsError(t, err); e.Code != CodeTimeout || e.Attempts != 1 {
		t.Errorf("call: %+v", e)
	}
	canceled, stop := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, stop)
	_, err = slow.DescribeKey(canceled, "key-1")
	if e := kmsError(t, err); e.Code != CodeCanceled || e.Attempts != 1 {
		t.Errorf("cancelled: %+v", e)
	}
}

func TestRedirectIsRefused(t *testing.T) {
	elsewhere := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, 200, `{"RequestId":"R"}`) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		g := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, elsewhere.URL+"/x", status)
		})
		e := kmsError(t, encryptCanary(g.public(t)))
		if e.Code != CodeRedirect || e.Attempts != 1 || e.Status != status {
			t.Errorf("%d: %+v", status, e)
		}
		if _, err := g.clientKey(t).GenerateRandom(context.Background(), 8); !HasCode(err, CodeRedirect) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if n := len(elsewhere.seen()); n != 0 {
		t.Errorf("followed %d times", n)
	}
}

func TestLargeAnswerIsRefused(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			body := `{"RequestId":"` + strings.Repeat("x", 1_150_000) + `"}`
			if !chunked {
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			}
			_, _ = io.WriteString(w, body)
		})
		e := kmsError(t, encryptCanary(g.public(t)))
		if e.Code != CodeBadAnswer || !errors.Is(e, errTooLarge) || e.Attempts != 1 {
			t.Errorf("chunked %t: %v", chunked, e)
		}
	}
}

// Exactly one request per attempt, whatever goes wrong.
func TestOneRequestPerAttempt(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"success":  func(w http.ResponseWriter) { reply(w, 200, describedKey) },
		"refusal":  func(w http.ResponseWriter) { refuse(w, 400, "InvalidParameter", "no") },
		"failure":  func(w http.ResponseWriter) { refuse(w, 500, "InternalFailure", "oops") },
		"html":     func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); fmt.Fprint(w, "<html>") },
		"no reply": func(w http.ResponseWriter) { hangUp(w) },
	} {
		t.Run(name, func(t *testing.T) {
			g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { answer(w) })
			_, _ = g.public(t, noRetry).DescribeKey(context.Background(), "key-1")
			if n := len(g.seen()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// hangUp closes the connection under the handler.
func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// A kept connection that dies with the request on it must not be replaced in
// silence: the server would get the request twice.
func TestRequestIsNotReplayedOnADeadConnection(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 2 {
			hangUp(w)
			return
		}
		reply(w, 200, describedKey)
	})
	p := g.public(t)
	if _, err := p.DescribeKey(context.Background(), "key-1"); err != nil {
		t.Fatal(err)
	}
	_, err := p.CreateKey(context.Background(), CreateKeyInput{})
	if e := kmsError(t, err); e.Code != CodeConnection || e.Outcome != Ambiguous || e.Attempts != 1 {
		t.Errorf("%+v", e)
	}
	if n, c := len(g.seen()), g.connections(); n != 2 || c != 1 {
		t.Errorf("%d requests on %d connections", n, c)
	}
}

func TestUnreachableIsDefiniteAndRetried(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	clock := &instantClock{}
	p, err := NewPublic(PublicConfig{Connection: Connection{Endpoint: "https://" + address}, Region: "cn-hangzhou",
		Credentials: testCredentials, Retry: RetryConfig{Clock: clock, MaxAttempts: 3}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.CreateKey(context.Background(), CreateKeyInput{})
	if e := kmsError(t, err); e.Code != CodeUnreachable || e.Outcome != Definite || e.Attempts != 3 {
		t.Errorf("%+v", e)
	}
}

func TestUnknownHostIsFinalAndExplained(t *testing.T) {
	for _, c := range []struct{ gateway, want string }{
		{GatewayPublic, "region's name"}, {GatewayInstance, "only in their bound VPC"},
	} {
		e := &Error{Gateway: c.gateway, Operation: "Encrypt"}
		e.fail(context.Background(), false, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "kst-1.example", IsNotFound: true}})
		if e.Code != CodeUnreachable || e.verdict() != final || !strings.Contains(e.Error(), c.want) {
			t.Error(e)
		}
	}
}

// rawServer speaks whatever a test says over TLS, below HTTP.
func rawServer(t *testing.T, talk func(n int64, c net.Conn)) Connection {
	t.Helper()
	ca, cert := mint(t, time.Now().Add(time.Hour), "127.0.0.1")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var n atomic.Int64
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			number := n.Add(1)
			wg.Go(func() {
				defer c.Close()
				tlsConn := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
				talk(number, tlsConn)
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return Connection{Endpoint: "https://" + l.Addr().String(), CA: ca}
}

func TestForeignAnswersAreAmbiguousAndNotQuoted(t *testing.T) {
	const evil = "evil-answer-with-" + canaryPlain
	for name, c := range map[string]struct{ answer, code string }{
		"not HTTP":            {evil + "\r\n\r\n", CodeBadAnswer},
		"bad status":          {"HTTP/1.1 abc " + evil + "\r\n\r\n", CodeBadAnswer},
		"bad header":          {"HTTP/1.1 200 OK\r\n" + evil + "\r\n\r\n", CodeBadAnswer},
		"truncated":           {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":\"" + evil, CodeConnection},
		"bad length":          {"HTTP/1.1 200 OK\r\nContent-Length: " + evil + "\r\n\r\n", CodeBadAnswer},
		"page of a proxy":     {"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 38\r\n\r\n" + evil, CodeBadAnswer},
		"array":               {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", CodeBadAnswer},
		"empty success":       {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", CodeBadAnswer},
		"error without code":  {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}", CodeBadAnswer},
		"two JSON documents":  {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}{}", CodeBadAnswer},
		"nothing at all":      {"", CodeConnection},
		"header without body": {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", CodeConnection},
	} {
		t.Run(name, func(t *testing.T) {
			connection := rawServer(t, func(_ int64, conn net.Conn) {
				req, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(conn, c.answer)
			})
			p, err := NewPublic(PublicConfig{Connection: connection, Region: "cn-hangzhou", Credentials: testCredentials,
				Retry: RetryConfig{Clock: &instantClock{}, MaxAttempts: 1}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.CreateKey(context.Background(), CreateKeyInput{})
			e := kmsError(t, err)
			if e.Code != c.code || e.Outcome != Ambiguous || !strings.Contains(e.Error(), "may have been carried out") {
				t.Errorf("%+v", e)
			}
			without(t, "error", err.Error(), "evil")
		})
	}
}

// A handshake that is cut is definite: no byte of the request was written.
func TestCutHandshakeIsDefinite(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(c, make([]byte, 5)) // the hello's record header
			c.Close()
		}
	})
	defer wg.Wait()
	defer l.Close()
	p, err := NewPublic(PublicConfig{Connection: Connection{Endpoint: "https://" + l.Addr().String()}, Region: "cn-hangzhou",
		Credentials: testCredentials, Retry: RetryConfig{Clock: &instantClock{}, MaxAttempts: 2}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.CreateKey(context.Background(), CreateKeyInput{})
	if e := kmsError(t, err); e.Outcome != Definite || e.Attempts != 2 {
		t.Errorf("%+v", e)
	}
}

func TestPlainHTTPServerIsATLSError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: quiet()}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	p, err := NewPublic(PublicConfig{Connection: Connection{Endpoint: "https://" + l.Addr().String()}, Region: "cn-hangzhou",
		Credentials: testCredentials, Retry: RetryConfig{MaxAttempts: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if e := kmsError(t, encryptCanary(p)); e.Code != CodeTLS || e.Outcome != Definite {
		t.Errorf("%+v", e)
	}
}

// HTTP/2 would replay requests on its own account; a server that offers it gets
// HTTP/1.1.
func TestNoHTTP2(t *testing.T) {
	var protocol atomic.Value
	g := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		protocol.Store(r.Proto)
		reply(w, 200, describedKey)
	})
	ca, cert := mint(t, time.Now().Add(time.Hour), "127.0.0.1")
	h2 := &http.Server{Handler: g.Config.Handler, ErrorLog: quiet(), TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h2.ServeTLS(l, "", "") }()
	defer h2.Close()
	p := g.public(t, func(c *PublicConfig) { c.Connection = Connection{Endpoint: "https://" + l.Addr().String(), CA: ca} })
	if _, err := p.DescribeKey(context.Background(), "key-1"); err != nil || protocol.Load() != "HTTP/1.1" {
		t.Error(protocol.Load(), err)
	}
}
