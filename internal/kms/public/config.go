package public

import (
	"log/slog"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// Config configures a client of the public gateway.
type Config struct {
	transport.Connection
	Region      string // for example cn-hangzhou
	Credentials kms.Credentials
	Quota       transport.QuotaConfig
	Retry       transport.RetryConfig
	Logger      *slog.Logger // nil = no log
	UserAgent   string       // appended to the SDK's
}

// DedicatedConfig configures a client of an instance's dedicated gateway with
// RAM credentials: cryptography and GetSecretValue only.
type DedicatedConfig struct {
	transport.Connection
	InstanceID  string // kst-…
	Region      string
	Credentials kms.Credentials
	Retry       transport.RetryConfig
	Logger      *slog.Logger
	UserAgent   string
}
