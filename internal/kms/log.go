package kms

import (
	"context"
	"log/slog"
	"time"
)

// callRecord is what is logged of one attempt.
type callRecord struct {
	operation *Operation
	gateway   string
	params    map[string]any
	attempt   int
	took      time.Duration
	answer    answer
	request   string // id of a success
	err       *Error
}

// loggedParams may appear in a log; every other parameter's value may not.
var loggedParams = []string{"KeyId", "KeyVersionId", "AliasName", "SecretName", "VersionId", "VersionStage",
	"DestinationKeyId", "KmsInstanceId", "DKMSInstanceId", "ResourceType", "PageNumber", "PageSize",
	"PendingWindowInDays", "KeySpec", "Algorithm"}

// objectParams name what a call is about, most telling first.
var objectParams = []string{"AliasName", "SecretName", "KeyId", "DestinationKeyId", "ProtectedResourceArn",
	"KmsInstanceId", "ClientKeyId", "CertificateId", "Name", "AapName"}

// logging is asked first, so that no call pays for a log that nobody reads.
func logging(ctx context.Context, log *slog.Logger) bool { return log.Enabled(ctx, slog.LevelDebug) }

func logCall(ctx context.Context, log *slog.Logger, r callRecord) {
	attrs := []slog.Attr{
		slog.String("gateway", r.gateway), slog.String("operation", r.operation.Name),
		slog.Int("attempt", r.attempt), slog.Duration("took", r.took), slog.Int("status", r.answer.status),
	}
	for _, name := range loggedParams {
		if value, ok := r.params[name]; ok && value != nil {
			if _, secret := value.(Secret); !secret {
				attrs = append(attrs, slog.Any(name, value))
			}
		}
	}
	if r.err != nil {
		attrs = append(attrs, slog.String("code", r.err.Code), slog.String("outcome", r.err.Outcome.String()),
			slog.String("request", r.err.RequestID))
	} else {
		attrs = append(attrs, slog.String("request", r.request))
	}
	log.LogAttrs(ctx, slog.LevelDebug, "kms call", attrs...)
}

// newError begins an error of a call.
func (p *Public) newError(operation string, params map[string]any) *Error {
	return &Error{Gateway: p.gateway, Endpoint: p.exchange.endpoint.host, Operation: operation, Object: objectOf(params)}
}

// objectOf names what a call is about, printable and bounded.
func objectOf(params map[string]any) string {
	for _, name := range objectParams {
		if s, ok := params[name].(string); ok && s != "" {
			return plain(s)
		}
	}
	return ""
}
