package clientkey

import (
	"log/slog"

	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Config configures a client of the instance gateway with a ClientKey.
type Config struct {
	transport.Connection
	InstanceID string // kst-…
	Key        *dkms.ClientKey
	AAD        ciphertext.AADEncoding // how an encryption context becomes AAD
	Retry      transport.RetryConfig
	Logger     *slog.Logger
	UserAgent  string
}
