package emulator

import (
	"net"
	"net/http"
	"sync"
)

// unused keeps the connections on which no request has come. HTTP clients open some ahead of
// need, and http.Server.Shutdown waits for each; Close cuts them, since nothing can be lost on them.
type unused struct {
	mu      sync.Mutex
	conns   map[net.Conn]bool
	closing bool
}

// track is an http.Server's ConnState.
func (u *unused) track(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(u.conns, c)
	case u.closing:
		_ = c.Close()
	default:
		if u.conns == nil {
			u.conns = map[net.Conn]bool{}
		}
		u.conns[c] = true
	}
}

// cut closes them all, and those that still come.
func (u *unused) cut() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closing = true
	for c := range u.conns {
		_ = c.Close()
	}
	clear(u.conns)
}
