package keycache

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// ID names a data key by what it is opened from.
type ID [32]byte

// Limits of a cache.
const (
	Idle    = 5 * time.Minute // it ends when nobody asked for so long
	Life    = time.Hour       // and in any case after so long: who lost the right to a key does not keep it
	MaxKeys = 4096
	MaxKey  = 64 // bytes of a data key

	maxConns    = 64
	connPatient = 10 * time.Second
)

// What is asked, and the answers.
const (
	opGet    = 'g'
	opPut    = 'p'
	opStatus = 's'
	opStop   = 'x'

	answerYes = 'y'
	answerNo  = 'n'
)

// request and answer are frames of one length.
type (
	request struct {
		Op  byte
		ID  ID
		Len byte
		Key [MaxKey]byte
	}
	answer struct {
		Is  byte
		Len byte
		Key [MaxKey]byte
	}
)

// Server is a cache at work.
type Server struct {
	// Peer refuses a connection of another user.
	Peer func(net.Conn) error

	mu    sync.Mutex
	keys  map[ID][]byte
	order []ID // the oldest first
	hits  uint64
	idle  *time.Timer
	end   context.CancelFunc
}

// Serve answers until it is stopped, nobody asked for Idle, or Life is over. The keys are overwritten then.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, s.end = context.WithTimeout(ctx, Life)
	defer s.end()
	s.keys = map[ID][]byte{}
	s.idle = time.AfterFunc(Idle, s.end)
	defer s.idle.Stop()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var conns sync.WaitGroup
	defer s.forget()
	defer conns.Wait()
	free := make(chan struct{}, maxConns)
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				c.Close()
			}
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case free <- struct{}{}:
		default:
			c.Close() // who is turned away asks KMS itself
			continue
		}
		conns.Go(func() {
			defer func() { c.Close(); <-free }()
			s.answer(ctx, c)
		})
	}
}

// answer serves one connection.
func (s *Server) answer(ctx context.Context, c net.Conn) {
	if s.Peer(c) != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Now()) })
	defer stop()
	for ctx.Err() == nil {
		if c.SetDeadline(time.Now().Add(connPatient)) != nil {
			return
		}
		var q request
		if binary.Read(c, binary.BigEndian, &q) != nil {
			return
		}
		a := s.do(q)
		err := binary.Write(c, binary.BigEndian, a)
		clear(q.Key[:])
		clear(a.Key[:])
		if q.Op == opStop {
			s.end()
		}
		if err != nil {
			return
		}
	}
}

func (s *Server) do(q request) (a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.Is = answerNo
	switch q.Op {
	case opGet:
		s.idle.Reset(Idle)
		if key := s.keys[q.ID]; key != nil {
			s.hits++
			a.Is, a.Len = answerYes, byte(copy(a.Key[:], key))
		}
	case opPut:
		s.idle.Reset(Idle)
		if q.Len > 0 && q.Len <= MaxKey {
			s.keep(q.ID, q.Key[:q.Len])
			a.Is = answerYes
		}
	case opStatus:
		a.Is, a.Len = answerYes, 16
		binary.BigEndian.PutUint64(a.Key[:], uint64(len(s.keys)))
		binary.BigEndian.PutUint64(a.Key[8:], s.hits)
	case opStop:
		a.Is = answerYes
	}
	return a
}

// keep adds a key; the oldest makes room.
func (s *Server) keep(id ID, key []byte) {
	if old := s.keys[id]; old != nil {
		clear(old)
	} else {
		s.order = append(s.order, id)
	}
	s.keys[id] = append(make([]byte, 0, len(key)), key...)
	for len(s.order) > MaxKeys {
		clear(s.keys[s.order[0]])
		delete(s.keys, s.order[0])
		s.order = s.order[1:]
	}
}

func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.keys {
		clear(key)
	}
	clear(s.keys)
}

// Client asks a cache. It is not safe for concurrent use.
type Client struct{ conn net.Conn }

// NewClient asks over a connection.
func NewClient(c net.Conn) *Client { return &Client{c} }

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

func (c *Client) ask(q request) (a answer, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(connPatient)); err != nil {
		return a, err
	}
	if err := binary.Write(c.conn, binary.BigEndian, q); err != nil {
		return a, err
	}
	if err := binary.Read(c.conn, binary.BigEndian, &a); err != nil {
		return a, err
	}
	if a.Len > MaxKey {
		return a, io.ErrUnexpectedEOF
	}
	return a, nil
}

// Get gives a data key, nil where the cache has none.
func (c *Client) Get(id ID) ([]byte, error) {
	a, err := c.ask(request{Op: opGet, ID: id})
	if err != nil || a.Is != answerYes {
		return nil, err
	}
	return append([]byte{}, a.Key[:a.Len]...), nil
}

// Put keeps a data key.
func (c *Client) Put(id ID, key []byte) error {
	if len(key) == 0 || len(key) > MaxKey {
		return errors.New("this is no data key")
	}
	q := request{Op: opPut, ID: id, Len: byte(len(key))}
	copy(q.Key[:], key)
	defer clear(q.Key[:])
	_, err := c.ask(q)
	return err
}

// Status is what a cache tells of itself.
type Status struct {
	Keys int `json:"keys"`
	Hits int `json:"hits"` // data keys given out
}

// Status asks for it.
func (c *Client) Status() (Status, error) {
	a, err := c.ask(request{Op: opStatus})
	return Status{Keys: int(binary.BigEndian.Uint64(a.Key[:])), Hits: int(binary.BigEndian.Uint64(a.Key[8:]))}, err
}

// Stop ends the cache.
func (c *Client) Stop() error {
	_, err := c.ask(request{Op: opStop})
	return err
}
