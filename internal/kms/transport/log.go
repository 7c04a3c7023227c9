package transport

import (
	"context"
	"log/slog"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
)

// CallRecord is what is logged of one attempt.
type CallRecord struct {
	Operation *kms.Operation
	Gateway   string
	Params    map[string]any
	Attempt   int
	Took      time.Duration
	Status    int
	Request   string // id of a success
	Err       *kms.Error
}

// LoggedParams may appear in a log; every other parameter's value may not.
var LoggedParams = []string{"KeyId", "KeyVersionId", "AliasName", "SecretName", "VersionId", "VersionStage",
	"DestinationKeyId", "KmsInstanceId", "DKMSInstanceId", "ResourceType", "PageNumber", "PageSize",
	"PendingWindowInDays", "KeySpec", "Algorithm"}

// Logging is asked first, so that no call pays for a log that nobody reads.
func Logging(ctx context.Context, log *slog.Logger) bool { return log.Enabled(ctx, slog.LevelDebug) }

func LogCall(ctx context.Context, log *slog.Logger, r CallRecord) {
	attrs := []slog.Attr{
		slog.String("gateway", r.Gateway), slog.String("operation", r.Operation.Name),
		slog.Int("attempt", r.Attempt), slog.Duration("took", r.Took), slog.Int("status", r.Status),
	}
	for _, name := range LoggedParams {
		if value, ok := r.Params[name]; ok && value != nil {
			if _, secret := value.(kms.Secret); !secret {
				attrs = append(attrs, slog.Any(name, value))
			}
		}
	}
	if r.Err != nil {
		attrs = append(attrs, slog.String("code", r.Err.Code), slog.String("outcome", r.Err.Outcome.String()),
			slog.String("request", r.Err.RequestID))
	} else {
		attrs = append(attrs, slog.String("request", r.Request))
	}
	log.LogAttrs(ctx, slog.LevelDebug, "kms call", attrs...)
}

// OrDiscard is the log of a client that was given none.
func OrDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}
