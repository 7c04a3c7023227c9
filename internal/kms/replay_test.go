package kms

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// deafConn refuses to write once told so, before any byte has left: what a
// kept connection does that the other side has closed meanwhile.
type deafConn struct {
	net.Conn
	deaf *atomic.Bool
}

func (c deafConn) Write(b []byte) (int, error) {
	if c.deaf.Load() {
		return 0, errors.New("broken pipe")
	}
	return c.Conn.Write(b)
}

// net/http repeats a request of which nothing was written on another connection
// if it can have the body again. Ours comes back as an error instead, definite,
// so that every request on the wire is one that the retry policy decided on.
func TestUnwrittenRequestComesBackAsDefinite(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, 200, `{}`) })
	e, err := parseEndpoint(g.URL)
	if err != nil {
		t.Fatal(err)
	}
	x := newExchange(e, g.connection())
	defer x.transport.CloseIdleConnections()
	var deaf atomic.Bool
	dial := x.transport.DialContext
	x.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		counting := conn.(*countingConn)
		counting.Conn = deafConn{counting.Conn, &deaf}
		return counting, nil
	}
	send := func() (bool, int, error) {
		bodies := 0
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, e.String(), strings.NewReader("a=b"))
		if err != nil {
			t.Fatal(err)
		}
		req.GetBody = func() (io.ReadCloser, error) { bodies++; return io.NopCloser(strings.NewReader("a=b")), nil }
		_, sent, err := x.roundTrip(req)
		return sent, bodies, err
	}
	if sent, _, err := send(); err != nil || !sent {
		t.Fatal(sent, err)
	}
	deaf.Store(true)
	if sent, bodies, err := send(); err == nil || sent || bodies != 0 {
		t.Errorf("sent %t, body taken %d times, %v", sent, bodies, err)
	}
	if n := len(g.seen()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
