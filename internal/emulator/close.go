package emulator

import (
	"context"
	"errors"
	"sync"
	"time"
)

// onClose registers what release undoes.
func (s *Server) onClose(f func() error) { s.cleanup = append(s.cleanup, f) }

// closeGrace is how long Close waits for calls that are being answered.
const closeGrace = 2 * time.Second

// Close stops listening, waits a moment for calls that are being answered, and
// releases the data directory. It may be called more than once.
func (s *Server) Close() error {
	s.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.grace)
		defer cancel()
		s.unused.cut()
		s.doorsMu.Lock()
		s.shut = true
		servers := s.servers
		s.doorsMu.Unlock()
		var stopping sync.WaitGroup
		for _, server := range servers {
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
