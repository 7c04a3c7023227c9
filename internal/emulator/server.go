package emulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/pki"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Server is a running emulator.
type Server struct {
	settings  *settings
	dir       string // where certificates and the ClientKey are
	started   time.Time
	token     string
	db        *store.DB
	engine    *engine.Engine
	authority *pki.Authority
	clientKey *clientKey
	faults    *fault.Injector
	calls     *calllog.Log
	logger    *slog.Logger

	listeners struct{ public, http, instance, control string } // addresses
	servers   []*http.Server
	unused    unused
	grace     time.Duration  // see closeGrace
	running   sync.WaitGroup // the servers and the ticker
	stop      context.CancelFunc
	cleanup   []func() error // in reverse order
	closing   sync.Once
	closed    error
}

// Start opens the data, listens and serves until Close or the end of ctx. When
// it returns, every address answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	settings, err := o.check()
	if err != nil {
		return nil, err
	}
	s := &Server{settings: settings, started: time.Now(), logger: settings.Logger, grace: closeGrace}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.release())
	}
	if err := s.serve(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// onClose registers what release undoes.
func (s *Server) onClose(f func() error) { s.cleanup = append(s.cleanup, f) }

// open prepares everything below the network.
func (s *Server) open() error {
	for _, step := range []func() error{s.openToken, s.openFaults, s.openStore, s.openEngine, s.openDir, s.openAuthority, s.openClientKey, s.openCalls} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) openToken() error {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return fmt.Errorf("make the control token: %w", err)
	}
	s.token = hex.EncodeToString(random)
	return nil
}

func (s *Server) openStore() (err error) {
	o := s.settings
	s.db, err = store.Open(store.Options{Path: o.Dir, Memory: o.Memory, LockTimeout: o.LockTimeout})
	if err != nil {
		return err
	}
	s.onClose(s.db.Close)
	return nil
}

func (s *Server) openEngine() (err error) {
	o := s.settings
	options := engine.Options{Account: o.Account, Region: o.Region, Strict: o.Strict, Quotas: o.QuotaFigures, Rotation: o.Rotation}
	if o.Deterministic {
		options.Rand = engine.SeededRand(o.Seed)
	}
	if s.engine, err = engine.New(s.db, clock.New(), options); err != nil {
		return err
	}
	if o.SeedFile != "" {
		_, err = s.engine.Seed(o.SeedFile, false)
	}
	return err
}

// openDir finds a place for certificates and the ClientKey: the data directory,
// or in memory mode one that goes with Close.
func (s *Server) openDir() (err error) {
	if !s.settings.Memory {
		s.dir = s.settings.Dir
		return nil
	}
	if s.dir, err = os.MkdirTemp("", "kmsplan-emulator-"); err != nil { // 0700
		return fmt.Errorf("start the emulator: %w", err)
	}
	s.onClose(func() error { return os.RemoveAll(s.dir) })
	return nil
}

func (s *Server) openAuthority() (err error) {
	if s.authority, err = pki.Open(s.dir, pki.Names(engine.Regions(), s.settings.Names), time.Now); err != nil {
		return err
	}
	s.engine.SetCACertificates(s.authority.PEM())
	return nil
}

func (s *Server) openClientKey() error {
	s.clientKey = &clientKey{dir: s.dir, engine: s.engine}
	return s.clientKey.ensure()
}

func (s *Server) openFaults() error {
	s.faults = fault.New(OperationNames(), s.settings.Exit)
	_, err := s.faults.AddText(s.settings.Faults)
	return err
}

func (s *Server) openCalls() error {
	var sink io.Writer
	if path := s.settings.CallLog; path != "" {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open the call log: %w", err)
		}
		s.onClose(f.Close)
		sink = f
	}
	s.calls = calllog.New(0, sink)
	return nil
}

// serve opens the four addresses and starts what runs in the background: one
// goroutine per server, and the ticker. Close stops and awaits them all.
func (s *Server) serve() error {
	o := s.settings
	shared, own := s.gateways(o)
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
		Ready: func() any { return s.Ready() }, Reset: s.reset, Loaded: s.clientKey.ensure,
	}, s.token)
	if s.listeners.public, err = s.start(o.Listen, gatewayServer(shared, o.Logger), func(a string) (net.Listener, error) { return listen(a, publicTLS) }); err != nil {
		return err
	}
	if s.listeners.instance, err = s.start(o.InstanceListen, gatewayServer(own, o.Logger), func(a string) (net.Listener, error) { return listen(a, instanceTLS) }); err != nil {
		return err
	}
	if s.listeners.control, err = s.start(o.ControlListen, control.NewServer(api), func(a string) (net.Listener, error) { return listen(a, nil) }); err != nil {
		return err
	}
	if o.HTTPListen != httpOff {
		if s.listeners.http, err = s.start(o.HTTPListen, gatewayServer(shared, o.Logger), func(a string) (net.Listener, error) { return listen(a, nil) }); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.running.Go(func() { s.tick(ctx) })
	return nil
}

// start serves on an address and returns the one it got.
func (s *Server) start(address string, server *http.Server, open func(string) (net.Listener, error)) (string, error) {
	l, err := open(address)
	if err != nil {
		return "", err
	}
	server.ConnState = s.unused.track
	s.servers = append(s.servers, server)
	s.running.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.logger.Error("a listener ended", "address", address, "error", err)
		}
	})
	return l.Addr().String(), nil
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

// Engine is the service below the gateways, for tests in the same process.
func (s *Server) Engine() *engine.Engine { return s.engine }

// Faults is the injector, for tests in the same process.
func (s *Server) Faults() *fault.Injector { return s.faults }

// Calls is the call log, for tests in the same process.
func (s *Server) Calls() *calllog.Log { return s.calls }

// Control returns a client of the control API.
func (s *Server) Control() *control.Client {
	return control.NewClient("http://"+s.listeners.control, s.token)
}

func (s *Server) status() control.Status {
	o := s.settings
	data := o.Dir
	if o.Memory {
		data = "memory"
	}
	throttling := o.Throttle
	if throttling == "" {
		throttling = "off"
	}
	return control.Status{PID: os.Getpid(), Started: s.started.UTC(), Data: data, Auth: string(o.auth), Throttle: throttling, Strict: o.Strict}
}

// reset empties the engine and gives it its first records and ClientKey again.
func (s *Server) reset() error {
	if err := s.engine.Reset(); err != nil {
		return err
	}
	return s.clientKey.ensure()
}

// closeGrace is how long Close waits for calls that are being answered.
const closeGrace = 2 * time.Second

// Close stops listening, waits a moment for calls that are being answered, and
// releases the data directory. It may be called more than once.
func (s *Server) Close() error {
	s.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.grace)
		defer cancel()
		s.unused.cut()
		var stopping sync.WaitGroup
		for _, server := range s.servers {
			stopping.Go(func() {
				if server.Shutdown(ctx) != nil {
					_ = server.Close() // cuts what did not end in time
				}
			})
		}
		if s.stop != nil {
			s.stop()
		}
		stopping.Wait()
		s.running.Wait()
		s.closed = s.release()
	})
	return s.closed
}

// release undoes open.
func (s *Server) release() error {
	var errs []error
	for n := len(s.cleanup) - 1; n >= 0; n-- {
		errs = append(errs, s.cleanup[n]())
	}
	s.cleanup = nil
	return errors.Join(errs...)
}
