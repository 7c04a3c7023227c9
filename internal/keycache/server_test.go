package keycache

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes in memory, so that a test's time is the bubble's.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return nil }

func (p *pipes) dial() *Client {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return NewClient(ours)
}

// serving runs a cache and gives its listener, and a channel that is closed when it ended.
func serving(t *testing.T, peer func(net.Conn) error) (*pipes, *Server, chan struct{}) {
	p, s, ended := newPipes(), &Server{Peer: peer}, make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Serve(t.Context(), p); err != nil {
			t.Error(err)
		}
	}()
	return p, s, ended
}

func anyone(net.Conn) error { return nil }

func hasEnded(ended chan struct{}) bool {
	synctest.Wait()
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// TestKeysAreKeptAndForgotten: what was put is given, nothing else is, and at the end no key is left in memory.
func TestKeysAreKeptAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, ended := serving(t, anyone)
		c := p.dial()
		key := bytes.Repeat([]byte{7}, 32)
		if got, err := c.Get(ID{1}); got != nil || err != nil {
			t.Errorf("%v, %v of an empty cache", got, err)
		}
		if err := c.Put(ID{1}, key); err != nil {
			t.Fatal(err)
		}
		other := p.dial()
		if got, err := other.Get(ID{1}); !bytes.Equal(got, key) || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := other.Get(ID{2}); got != nil || err != nil {
			t.Errorf("%v, %v of another", got, err)
		}
		if st, err := other.Status(); st != (Status{Keys: 1, Hits: 1}) || err != nil {
			t.Errorf("%+v, %v", st, err)
		}
		for _, bad := range [][]byte{nil, make([]byte, MaxKey+1)} {
			if c.Put(ID{3}, bad) == nil {
				t.Errorf("%d bytes were taken for a data key", len(bad))
			}
		}
		held := s.keys[ID{1}]
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
		if <-ended; !bytes.Equal(held, make([]byte, 32)) || len(s.keys) != 0 {
			t.Errorf("%v is left", held)
		}
	})
}

// TestItEndsByItself: after Idle without a question about a key, and after Life in any case.
func TestItEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, ended := serving(t, anyone)
		c := p.dial()
		if err := c.Put(ID{1}, []byte{1}); err != nil {
			t.Fatal(err)
		}
		c.Close()
		time.Sleep(Idle - time.Second)
		watching := p.dial() // who looks only does not keep it
		if _, err := watching.Status(); err != nil || hasEnded(ended) {
			t.Error("it ended early")
		}
		watching.Close()
		if time.Sleep(2 * time.Second); !hasEnded(ended) {
			t.Error("it is idle and goes on")
		}

		p, _, ended = serving(t, anyone)
		begun := time.Now()
		for time.Since(begun) < Life-time.Minute {
			c := p.dial()
			if _, err := c.Get(ID{1}); err != nil || hasEnded(ended) {
				t.Fatal("it ended early")
			}
			c.Close()
			time.Sleep(time.Minute)
		}
		if time.Sleep(2 * time.Minute); !hasEnded(ended) {
			t.Error("it outlives its life")
		}
	})
}

// TestItIsBounded: in keys, in connections, and in patience with who says nothing.
func TestItIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, ended := serving(t, anyone)
		c := p.dial()
		for i := range MaxKeys + 10 {
			if err := c.Put(ID{byte(i), byte(i >> 8)}, []byte{1}); err != nil {
				t.Fatal(err)
			}
		}
		if st, err := c.Status(); st.Keys != MaxKeys || len(s.order) != MaxKeys || err != nil {
			t.Errorf("%+v, %v", st, err)
		}
		if got, _ := c.Get(ID{0}); got != nil {
			t.Error("the oldest is kept")
		}
		var all []*Client
		for range maxConns - 1 {
			all = append(all, p.dial())
		}
		synctest.Wait()
		if _, err := p.dial().Get(ID{1}); err == nil {
			t.Error("one too many is served")
		}
		if time.Sleep(connPatient + time.Second); true {
			synctest.Wait()
		}
		if _, err := all[0].Get(ID{1}); err == nil {
			t.Error("who said nothing is still waited for")
		}
		again := p.dial()
		if err := again.Stop(); err != nil {
			t.Error(err)
		}
		<-ended
	})
}

// TestWhoIsRefusedGetsNothing: a peer that is not let in is not answered.
func TestWhoIsRefusedGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, ended := serving(t, func(net.Conn) error { return errors.New("no") })
		if _, err := p.dial().Get(ID{}); err == nil {
			t.Error("answered")
		}
		if _, err := p.dial().Status(); err == nil {
			t.Error("answered")
		}
		time.Sleep(2 * Idle)
		<-ended
	})
}

// TestGarbageEndsAConnectionAndNothingElse.
func TestGarbageEndsAConnectionAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, ended := serving(t, anyone)
		ours, theirs := net.Pipe()
		p.conns <- theirs
		go ours.Write(bytes.Repeat([]byte{0xff}, 98))
		answer := make([]byte, 66)
		if n, err := ours.Read(answer); err != nil || answer[0] != answerNo {
			t.Errorf("%q, %v", answer[:n], err)
		}
		ours.Close()
		c := p.dial()
		if err := c.Put(ID{1}, []byte{1}); err != nil {
			t.Error(err)
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
		<-ended
	})
}
