package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
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
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{}`) })
	e, err := transport.Parse(g.URL)
	if err != nil {
		t.Fatal(err)
	}
	x := transport.NewExchange(e, g.Connection())
	defer x.Close()
	var deaf atomic.Bool
	x.Through(func(conn net.Conn) net.Conn { return deafConn{conn, &deaf} })
	send := func() (bool, int, error) {
		bodies := 0
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, e.String(), strings.NewReader("a=b"))
		if err != nil {
			t.Fatal(err)
		}
		req.GetBody = func() (io.ReadCloser, error) { bodies++; return io.NopCloser(strings.NewReader("a=b")), nil }
		_, sent, err := x.RoundTrip(req)
		return sent, bodies, err
	}
	if sent, _, err := send(); err != nil || !sent {
		t.Fatal(sent, err)
	}
	deaf.Store(true)
	if sent, bodies, err := send(); err == nil || sent || bodies != 0 {
		t.Errorf("sent %t, body taken %d times, %v", sent, bodies, err)
	}
	if n := len(g.Seen()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
