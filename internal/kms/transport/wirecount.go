package transport

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync/atomic"
)

// counter counts the bytes written to one connection.
type counter struct{ written atomic.Int64 }

func (c *counter) add(n int)    { c.written.Add(int64(n)) }
func (c *counter) count() int64 { return c.written.Load() }

// wire remembers the connection that a request was given and what had been
// written to it before, the TLS handshake included.
type wire struct {
	state atomic.Pointer[wireState]
}

type wireState struct {
	counter *counter // nil when the connection is not ours to count
	before  int64
}

func (w *wire) use(info httptrace.GotConnInfo) {
	state := &wireState{counter: counterOf(info.Conn)}
	if state.counter != nil {
		state.before = state.counter.count()
	}
	w.state.Store(state)
}

// sent reports whether any byte of the request may have left.
func (w *wire) sent() bool {
	state := w.state.Load()
	if state == nil {
		return false // no connection was had
	}
	return state.counter == nil || state.counter.count() > state.before
}

func counterOf(conn net.Conn) *counter {
	for {
		switch c := conn.(type) {
		case *countingConn:
			return &c.counter
		case *tls.Conn:
			conn = c.NetConn()
		default:
			return nil
		}
	}
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
