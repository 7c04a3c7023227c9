package emulator

import (
	"log/slog"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/control"
)

// TestServersHaveDeadlines: without any one of these a slow client holds a
// connection, and its memory, for good.
func TestServersHaveDeadlines(t *testing.T) {
	gateway := gatewayServer(nil, slog.New(slog.DiscardHandler))
	api := control.NewServer(nil)
	for name, d := range map[string]time.Duration{
		"gateway header": gateway.ReadHeaderTimeout, "gateway read": gateway.ReadTimeout, "gateway write": gateway.WriteTimeout, "gateway idle": gateway.IdleTimeout,
		"control header": api.ReadHeaderTimeout, "control read": api.ReadTimeout, "control write": api.WriteTimeout,
	} {
		if d <= 0 {
			t.Errorf("%s has no deadline", name)
		}
	}
	if gateway.MaxHeaderBytes <= 0 || api.MaxHeaderBytes <= 0 {
		t.Error("headers have no bound")
	}
}
