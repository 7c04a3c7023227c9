package page

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Limits of a connection: whoever sends or reads slowly holds it no longer than this.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = time.Minute
	maxHeader         = 16 << 10 // bytes
)

// Listen opens addr (host:port; :port is every interface) for a page. Without a token it must be of the loopback interface: it
// is asked of the socket, because a name may resolve to anything.
func Listen(ctx context.Context, addr, token string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open the page on %s: %w", addr, err)
	}
	at, ok := l.Addr().(*net.TCPAddr)
	if token == "" && !(ok && at.IP.IsLoopback()) && !safety.Off(safety.PageLoopback) {
		l.Close()
		return nil, fmt.Errorf("open the page on %s: others than this machine would reach it at %s, and there is no token; give one with -token-file, or listen on 127.0.0.1", addr, l.Addr())
	}
	return l, nil
}

// Server serves a page. What goes wrong with a connection is nobody's business but the browser's.
func Server(p *Page) *http.Server {
	return &http.Server{
		Handler: p, MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
	}
}

// Serve serves the page on l until ctx ends, then lets answers that were begun end, for a few seconds.
func Serve(ctx context.Context, l net.Listener, p *Page) error {
	s := Server(p)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the page on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), readHeaderTimeout)
	defer cancel()
	if s.Shutdown(last) != nil {
		s.Close()
	}
	<-ended
	return nil
}

// Address is what a browser opens for a listener: with a token in the fragment, which browsers do not send, it lets them in. It
// holds the token: print it to a person's terminal, once, and nowhere else.
func Address(l net.Listener, token string) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String() + "/"
	}
	if at, ok := l.Addr().(*net.TCPAddr); ok && at.IP.IsUnspecified() {
		host = "localhost"
	}
	base := "http://" + net.JoinHostPort(host, port) + "/"
	if token == "" {
		return base
	}
	return base + "login#token=" + token
}
