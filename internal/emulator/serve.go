package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// serve opens the addresses and starts what runs in the background: one
// goroutine per server, and the ticker. Close stops and awaits them all.
func (s *Server) serve() error {
	o := s.settings
	shared, own := s.gateways(o)
	s.shared = shared
	publicTLS, err := tlsConfig(s.authority, s.faults, engine.Public)
	if err != nil {
		return err
	}
	instanceTLS, err := tlsConfig(s.authority, s.faults, engine.Instance)
	if err != nil {
		return err
	}
	api := control.Handler(control.Backend{
		Engine: s.engine, Faults: s.faults, Calls: s.calls, Status: s.status,
		Ready:  func() any { return s.Ready() },
		Region: func(name string) (any, error) { return s.In(name) },
		Reset:  s.reset, Loaded: s.renewed,
	}, s.token)
	doors := []door{
		{&s.listeners.public, o.Listen, gatewayServer(shared, o.Logger), publicTLS, engine.Public},
		{&s.listeners.instance, o.InstanceListen, gatewayServer(own, o.Logger), instanceTLS, engine.Instance},
		{&s.listeners.control, o.ControlListen, control.NewServer(api), nil, ""},
	}
	if o.HTTPListen != httpOff {
		doors = append(doors, door{&s.listeners.http, o.HTTPListen, gatewayServer(shared, o.Logger), nil, engine.Public})
	}
	if o.OSSListen != "" {
		d, err := s.objectDoor(o)
		if err != nil {
			return err
		}
		doors = append(doors, d)
	}
	if err := s.openDoors(doors); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.running.Go(func() { s.tick(ctx) })
	return nil
}

// door is one address and who answers there.
type door struct {
	got     *string // the address that it gets
	address string
	server  *http.Server
	tls     *tls.Config    // nil = none
	gateway engine.Gateway // "" = none, no fault takes it away
}

// openDoors listens everywhere before anything is served, so that no call finds
// half an emulator.
func (s *Server) openDoors(doors []door) error {
	s.doorsMu.Lock()
	defer s.doorsMu.Unlock()
	if s.shut {
		return http.ErrServerClosed
	}
	opened := make([]*outlet, 0, len(doors))
	for _, d := range doors {
		out, err := newOutlet(d.address)
		if err != nil {
			for _, o := range opened {
				err = errors.Join(err, o.Close())
			}
			return err
		}
		opened = append(opened, out)
		*d.got = out.Addr().String()
		if d.gateway != "" {
			s.outlets[d.gateway] = append(s.outlets[d.gateway], out)
		}
	}
	for n, d := range doors {
		s.start(d, opened[n])
	}
	return nil
}

func (s *Server) start(d door, out *outlet) {
	d.server.ConnState = func(c net.Conn, state http.ConnState) {
		s.unused.track(c, state)
		out.track(c, state)
	}
	s.servers = append(s.servers, d.server)
	s.running.Go(func() {
		if err := d.server.Serve(out.secured(d.tls)); !errors.Is(err, http.ErrServerClosed) {
			s.logger.Error("a listener ended", "address", d.address, "error", err)
		}
	})
}

// tickEvery is how often due events are looked for while no call comes; every
// call looks first.
const tickEvery = time.Second

func (s *Server) tick(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := s.engine.Tick(); err != nil && ctx.Err() == nil {
				s.logger.Error("due events could not be carried out", "error", err)
			}
		}
	}
}
