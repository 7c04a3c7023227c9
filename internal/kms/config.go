package kms

import (
	"log/slog"
	"time"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Connection says how a gateway is reached.
type Connection struct {
	// Endpoint is host[:port] or an https URL; http is allowed for loopback
	// addresses only. "" derives it from the region or the instance id.
	Endpoint string
	// CA certifies the gateway in place of the system's roots: PEM text, as
	// ReadCA checks it. Instance gateways need it. nil = system roots.
	CA *CA
	// Aliases is what the clients of one gateway block share; nil = an own one.
	Aliases *Aliases
	// Timeout bounds one attempt, connection and answer included; 0 = 10 s.
	Timeout time.Duration
	// MaxConns bounds idle connections that are kept; 0 = 64.
	MaxConns int
}

// PublicConfig configures a client of the public gateway.
type PublicConfig struct {
	Connection
	Region      string // for example cn-hangzhou
	Credentials Credentials
	Quota       QuotaConfig
	Retry       RetryConfig
	Logger      *slog.Logger // nil = no log
	UserAgent   string       // appended to the SDK's
}

// DedicatedConfig configures a client of an instance's dedicated gateway with
// RAM credentials: cryptography and GetSecretValue only.
type DedicatedConfig struct {
	Connection
	InstanceID  string // kst-…
	Region      string
	Credentials Credentials
	Retry       RetryConfig
	Logger      *slog.Logger
	UserAgent   string
}

// ClientKeyConfig configures a client of the instance gateway with a ClientKey.
type ClientKeyConfig struct {
	Connection
	InstanceID string // kst-…
	Key        *dkms.ClientKey
	AAD        AADEncoding // how an encryption context becomes AAD
	Retry      RetryConfig
	Logger     *slog.Logger
	UserAgent  string
}

// AADEncoding is how an encryption context becomes the instance gateway's AAD.
type AADEncoding int

const (
	// AADRaw is the 32 bytes of SHA-256 over the sorted k=v pairs joined by &,
	// which the public gateway and the vendor's Go and Java clients use.
	AADRaw AADEncoding = iota
	// AADHex is the same digest as 64 lower-case hex digits, which the vendor's
	// Python and PHP clients use. For reading their data.
	AADHex
)

// QuotaConfig holds calls inside the public gateway's rate limits, which the
// account shares with everything else that uses KMS.
type QuotaConfig struct {
	// Fraction of the documented limit to use, 0–1; 0 = 0.6.
	Fraction float64
	// Off disables it. It is always off for loopback endpoints.
	Off bool
}

// RetryConfig bounds retries. The zero value is the default.
type RetryConfig struct {
	MaxAttempts int           // requests per call, the first included; 0 = 6, 1 = no retries
	MaxElapsed  time.Duration // no retry starts after this; 0 = 60 s
	BaseDelay   time.Duration // 0 = 200 ms; the wait before retry n is random in [0, BaseDelay·2ⁿ⁻¹]
	MaxDelay    time.Duration // 0 = 10 s
	// Budget is the share of calls that may be retries, over all calls of the
	// client, beyond a reserve of 20; 0 = 0.2.
	Budget float64

	// Clock replaces time in tests; nil = the real one.
	Clock Clock
}
