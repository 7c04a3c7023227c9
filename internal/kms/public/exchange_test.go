package public

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

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// Two gateways on one host and port, each with its own CA: the second must not
// ride on the first's connection or trust.
func TestGatewaysDoNotShareTransports(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, kmstest.DescribedKey) })
	other, _ := kmstest.Mint(t, time.Now().Add(time.Hour), "127.0.0.1")
	good := client(t, g)
	bad := client(t, g, func(c *Config) { c.CA = other })
	for range 2 {
		if _, err := good.DescribeKey(context.Background(), "key-1"); err != nil {
			t.Fatal(err)
		}
		_, err := bad.DescribeKey(context.Background(), "key-1")
		e := kmstest.KMSError(t, err)
		if e.Code != kms.CodeTLS || e.Outcome != kms.Definite || e.Attempts != 1 {
			t.Errorf("%+v", e)
		}
		if !strings.Contains(err.Error(), "ca_file") {
			t.Errorf("no way forward: %v", err)
		}
	}
	if n := len(g.Seen()); n != 2 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestTLSErrorHoldsNoParameters(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{}`) })
	p := client(t, g, func(c *Config) { c.CA = nil })
	e := kmstest.KMSError(t, encryptCanary(p))
	if e.Code != kms.CodeTLS || strings.Contains(e.Error(), "https://") {
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
			g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{}`) })
			ca, cert := kmstest.Mint(t, c.notAfter, c.host)
			g.TLS.Certificates = []tls.Certificate{cert}
			p := client(t, g, func(config *Config) { config.CA = ca })
			e := kmstest.KMSError(t, encryptCanary(p))
			if e.Code != kms.CodeTLS || !strings.Contains(e.Error(), c.want) || e.Attempts != 1 {
				t.Error(e)
			}
		})
	}
}

// A server that never answers is left at the attempt's time or at the caller's
// deadline, whichever is first; the call is ambiguous.
func TestHungServerEndsAtTheDeadline(t *testing.T) {
	release := make(chan struct{})
	g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			kmstest.Reply(w, 200, kmstest.DescribedKey)
			return
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	p := client(t, g, noRetry)
	if _, err := p.DescribeKey(context.Background(), "key-1"); err != nil { // the connection is made before time counts
		t.Fatal(err)
	}
	p.exchange.Timeout = 300 * time.Millisecond
	e := kmstest.KMSError(t, encryptCanary(p))
	if e.Code != kms.CodeTimeout || e.Outcome != kms.Ambiguous || !errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("attempt: %+v", e)
	}
	slow := client(t, g)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := slow.DescribeKey(ctx, "key-1")
	if e := kmstest.KMSError(t, err); e.Code != kms.CodeTimeout || e.Attempts != 1 {
		t.Errorf("call: %+v", e)
	}
	canceled, stop := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, stop)
	_, err = slow.DescribeKey(canceled, "key-1")
	if e := kmstest.KMSError(t, err); e.Code != kms.CodeCanceled || e.Attempts != 1 {
		t.Errorf("cancelled: %+v", e)
	}
}

func TestLargeAnswerIsRefused(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			body := `{"RequestId":"` + strings.Repeat("x", 1_150_000) + `"}`
			if !chunked {
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			}
			_, _ = io.WriteString(w, body)
		})
		e := kmstest.KMSError(t, encryptCanary(client(t, g)))
		if e.Code != kms.CodeBadAnswer || !strings.Contains(e.Error(), "larger than 1 MiB") || e.Attempts != 1 {
			t.Errorf("chunked %t: %v", chunked, e)
		}
	}
}

// Exactly one request per attempt, whatever goes wrong.
func TestOneRequestPerAttempt(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"success":  func(w http.ResponseWriter) { kmstest.Reply(w, 200, kmstest.DescribedKey) },
		"refusal":  func(w http.ResponseWriter) { kmstest.Refuse(w, 400, "InvalidParameter", "no") },
		"failure":  func(w http.ResponseWriter) { kmstest.Refuse(w, 500, "InternalFailure", "oops") },
		"html":     func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); fmt.Fprint(w, "<html>") },
		"no reply": func(w http.ResponseWriter) { kmstest.HangUp(w) },
	} {
		t.Run(name, func(t *testing.T) {
			g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { answer(w) })
			_, _ = client(t, g, noRetry).DescribeKey(context.Background(), "key-1")
			if n := len(g.Seen()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A kept connection that dies with the request on it must not be replaced in
// silence: the server would get the request twice.
func TestRequestIsNotReplayedOnADeadConnection(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 2 {
			kmstest.HangUp(w)
			return
		}
		kmstest.Reply(w, 200, kmstest.DescribedKey)
	})
	p := client(t, g)
	if _, err := p.DescribeKey(context.Background(), "key-1"); err != nil {
		t.Fatal(err)
	}
	_, err := p.CreateKey(context.Background(), kms.CreateKeyInput{})
	if e := kmstest.KMSError(t, err); e.Code != kms.CodeConnection || e.Outcome != kms.Ambiguous || e.Attempts != 1 {
		t.Errorf("%+v", e)
	}
	if n, c := len(g.Seen()), g.Connections(); n != 2 || c != 1 {
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
	clock := &kmstest.InstantClock{}
	p, err := New(Config{Connection: transport.Connection{Endpoint: "https://" + address}, Region: "cn-hangzhou",
		Credentials: kmstest.Credentials, Retry: transport.RetryConfig{Clock: clock, MaxAttempts: 3}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.CreateKey(context.Background(), kms.CreateKeyInput{})
	if e := kmstest.KMSError(t, err); e.Code != kms.CodeUnreachable || e.Outcome != kms.Definite || e.Attempts != 3 {
		t.Errorf("%+v", e)
	}
}

// rawServer speaks whatever a test says over TLS, below HTTP.
func rawServer(t *testing.T, talk func(n int64, c net.Conn)) transport.Connection {
	t.Helper()
	ca, cert := kmstest.Mint(t, time.Now().Add(time.Hour), "127.0.0.1")
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
	return transport.Connection{Endpoint: "https://" + l.Addr().String(), CA: ca}
}

func TestForeignAnswersAreAmbiguousAndNotQuoted(t *testing.T) {
	const evil = "evil-answer-with-" + kmstest.CanaryPlain
	for name, c := range map[string]struct{ answer, code string }{
		"not HTTP":            {evil + "\r\n\r\n", kms.CodeBadAnswer},
		"bad status":          {"HTTP/1.1 abc " + evil + "\r\n\r\n", kms.CodeBadAnswer},
		"bad header":          {"HTTP/1.1 200 OK\r\n" + evil + "\r\n\r\n", kms.CodeBadAnswer},
		"truncated":           {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":\"" + evil, kms.CodeConnection},
		"bad length":          {"HTTP/1.1 200 OK\r\nContent-Length: " + evil + "\r\n\r\n", kms.CodeBadAnswer},
		"page of a proxy":     {"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 38\r\n\r\n" + evil, kms.CodeBadAnswer},
		"array":               {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", kms.CodeBadAnswer},
		"empty success":       {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", kms.CodeBadAnswer},
		"error without code":  {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}", kms.CodeBadAnswer},
		"two JSON documents":  {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}{}", kms.CodeBadAnswer},
		"nothing at all":      {"", kms.CodeConnection},
		"header without body": {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", kms.CodeConnection},
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
			p, err := New(Config{Connection: connection, Region: "cn-hangzhou", Credentials: kmstest.Credentials,
				Retry: transport.RetryConfig{Clock: &kmstest.InstantClock{}, MaxAttempts: 1}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.CreateKey(context.Background(), kms.CreateKeyInput{})
			e := kmstest.KMSError(t, err)
			if e.Code != c.code || e.Outcome != kms.Ambiguous || !strings.Contains(e.Error(), "may have been carried out") {
				t.Errorf("%+v", e)
			}
			kmstest.Without(t, "error", err.Error(), "evil")
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
	p, err := New(Config{Connection: transport.Connection{Endpoint: "https://" + l.Addr().String()}, Region: "cn-hangzhou",
		Credentials: kmstest.Credentials, Retry: transport.RetryConfig{Clock: &kmstest.InstantClock{}, MaxAttempts: 2}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.CreateKey(context.Background(), kms.CreateKeyInput{})
	if e := kmstest.KMSError(t, err); e.Outcome != kms.Definite || e.Attempts != 2 {
		t.Errorf("%+v", e)
	}
}

func TestPlainHTTPServerIsATLSError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: kmstest.Quiet()}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	p, err := New(Config{Connection: transport.Connection{Endpoint: "https://" + l.Addr().String()}, Region: "cn-hangzhou",
		Credentials: kmstest.Credentials, Retry: transport.RetryConfig{MaxAttempts: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if e := kmstest.KMSError(t, encryptCanary(p)); e.Code != kms.CodeTLS || e.Outcome != kms.Definite {
		t.Errorf("%+v", e)
	}
}

// HTTP/2 would replay requests on its own account; a server that offers it gets
// HTTP/1.1.
func TestNoHTTP2(t *testing.T) {
	var protocol atomic.Value
	g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		protocol.Store(r.Proto)
		kmstest.Reply(w, 200, kmstest.DescribedKey)
	})
	ca, cert := kmstest.Mint(t, time.Now().Add(time.Hour), "127.0.0.1")
	h2 := &http.Server{Handler: g.Config.Handler, ErrorLog: kmstest.Quiet(), TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h2.ServeTLS(l, "", "") }()
	defer h2.Close()
	p := client(t, g, func(c *Config) { c.Connection = transport.Connection{Endpoint: "https://" + l.Addr().String(), CA: ca} })
	if _, err := p.DescribeKey(context.Background(), "key-1"); err != nil || protocol.Load() != "HTTP/1.1" {
		t.Error(protocol.Load(), err)
	}
}
