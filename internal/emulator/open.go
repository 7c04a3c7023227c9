package emulator

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/oss"
	"kmsplan.dev/kmsplan/internal/emulator/pki"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

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
	s.db, err = store.Open(store.Options{Path: o.Dir, Memory: o.Memory, LockTimeout: o.LockTimeout, Waiting: o.Waiting})
	if err != nil {
		return err
	}
	s.onClose(s.db.Close)
	return nil
}

func (s *Server) openEngine() (err error) {
	o := s.settings
	options := engine.Options{Account: o.Account, Region: o.Region, Strict: o.Strict, Quotas: o.QuotaFigures, Rotation: o.Rotation, InstanceImage: o.InstanceImage}
	if o.Deterministic {
		options.Rand = engine.SeededRand(o.Seed)
	}
	if err := oss.Attach(s.db); err != nil {
		return err
	}
	if s.engine, err = engine.New(s.db, clock.New(), options); err != nil {
		return err
	}
	if o.SeedFile != "" {
		_, err = engine.Seed(s.engine, o.SeedFile, false)
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
	s.clientKey = &clientKey{dir: s.dir, region: s.settings.Region, engine: s.engine}
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
	s.calls = calllog.New(s.settings.Calls, sink)
	return nil
}
