package cli

import (
	"log/slog"
	"strings"
)

// logger is what KMSPLAN_LOG asks for, on stderr; nil when it asks for nothing. What the
// clients log is redacted where it is logged.
func (a *app) logger() *slog.Logger {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "trace": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, ok := levels[strings.ToLower(a.getenv("KMSPLAN_LOG"))]
	if !ok {
		return nil
	}
	return slog.New(slog.NewTextHandler(a.proc.Stderr, &slog.HandlerOptions{Level: level}))
}
