package emulator

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/pki"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Server is a running emulator.
type Server struct {
	settings   *settings
	dir        string // where certificates and the ClientKey are
	started    time.Time
	token      string
	db         *store.DB
	engine     *engine.Engine
	authority  *pki.Authority
	shared     *public.Handler
	clientKey  *clientKey
	faults     *fault.Injector
	calls      *calllog.Log
	requestIDs *requestIDs
	logger     *slog.Logger

	listeners  struct{ public, http, instance, control, oss string } // addresses
	doorsMu    sync.Mutex                                            // over servers, outlets and shut
	servers    []*http.Server
	outlets    map[engine.Gateway][]*outlet // the gateways' addresses
	shut       bool                         // no more doors are opened
	regionsMu  sync.Mutex
	regions    map[string]*region // that are served beside the default one
	readyMu    sync.Mutex
	readyFiles []string // see WriteReadyFile
	unused     unused
	grace      time.Duration  // see closeGrace
	running    sync.WaitGroup // the servers and the ticker
	stop       context.CancelFunc
	cleanup    []func() error // in reverse order
	closing    sync.Once
	closed     error
}

// Start opens the data, listens and serves until Close or the end of ctx. When
// it returns, every address answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	settings, err := o.check()
	if err != nil {
		return nil, err
	}
	s := &Server{settings: settings, started: time.Now(), logger: settings.Logger, grace: closeGrace, requestIDs: newRequestIDs(settings.Options), outlets: map[engine.Gateway][]*outlet{}, regions: map[string]*region{}}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.release())
	}
	if err := s.serve(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// Engine is the service below the gateways, for tests in the same process.
func (s *Server) Engine() *engine.Engine { return s.engine }

// Seed adds what a file describes; what exists is left alone.
func (s *Server) Seed(path string) error {
	_, err := engine.Seed(s.engine, path, false)
	return err
}

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

// reset empties the engine and gives it its first records and ClientKey again. In
// the deterministic mode everything is as after the first start.
func (s *Server) reset() error {
	if err := s.engine.Reset(); err != nil {
		return err
	}
	s.requestIDs.restart()
	return s.renewed()
}
