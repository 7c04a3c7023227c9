package emulator

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

// outlet is a listener that a fault can take away for a while: connections are
// refused as by a machine on which nothing listens, and come back at the same
// address. Serve never learns of it.
type outlet struct {
	mu       sync.Mutex
	listener net.Listener
	address  net.Addr
	conns    map[net.Conn]bool
	up       chan struct{} // closed at the end of an outage; nil = there is none
	timer    *time.Timer   // ends the outage
	closed   bool
}

// reopenEvery is how often an address that somebody else took meanwhile is tried
// again.
const reopenEvery = 20 * time.Millisecond

func newOutlet(address string) (*outlet, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	return &outlet{listener: l, address: l.Addr(), conns: map[net.Conn]bool{}}, nil
}

// secured is the outlet with TLS over it, or as it is without a configuration.
func (o *outlet) secured(config *tls.Config) net.Listener {
	if config == nil {
		return o
	}
	return tls.NewListener(o, config)
}

// Accept waits through outages.
func (o *outlet) Accept() (net.Conn, error) {
	for {
		o.mu.Lock()
		l, up, closed := o.listener, o.up, o.closed
		o.mu.Unlock()
		switch {
		case closed:
			return nil, net.ErrClosed
		case up != nil:
			<-up
			continue
		}
		conn, err := l.Accept()
		if err == nil || !o.interrupted(l) {
			return conn, err
		}
	}
}

// interrupted tells whether an outage, not an error, ended the listener.
func (o *outlet) interrupted(l net.Listener) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.closed && (o.up != nil || o.listener != l)
}

// Addr stays the same through outages.
func (o *outlet) Addr() net.Addr { return o.address }

// Close ends the outlet, in an outage too.
func (o *outlet) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil
	}
	o.closed = true
	if o.up != nil {
		o.timer.Stop()
		close(o.up)
		o.up = nil
		return nil // its listener is closed already
	}
	return o.listener.Close()
}

// track is an http.Server's ConnState: it knows the connections there are.
func (o *outlet) track(c net.Conn, state http.ConnState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(o.conns, c)
	default:
		o.conns[c] = true
	}
}

// shut refuses new connections for a while. An outage that is under way goes on
// as it is.
func (o *outlet) shut(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.up != nil {
		return
	}
	o.up = make(chan struct{})
	_ = o.listener.Close()
	o.timer = time.AfterFunc(d, o.reopen)
}

// cut resets every connection there is.
func (o *outlet) cut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for c := range o.conns {
		fault.Reset(c)
	}
}

func (o *outlet) reopen() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	l, err := net.Listen(o.address.Network(), o.address.String())
	if err != nil {
		o.timer = time.AfterFunc(reopenEvery, o.reopen)
		return
	}
	o.listener = l
	close(o.up)
	o.up = nil
}

// outage takes a gateway's addresses away. The dedicated gateway is the
// instance's. Whoever is cut off finds every address shut.
func (s *Server) outage(gateway engine.Gateway, d time.Duration) {
	if gateway == engine.Dedicated {
		gateway = engine.Instance
	}
	s.doorsMu.Lock()
	outlets := slices.Clone(s.outlets[gateway])
	s.doorsMu.Unlock()
	for _, o := range outlets {
		o.shut(d)
	}
	for _, o := range outlets {
		o.cut()
	}
}
