package transport

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
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
	Aliases *kms.Aliases
	// Timeout bounds one attempt, connection and answer included; 0 = 10 s.
	Timeout time.Duration
	// Proxy chooses the proxy of a request; nil = what the environment says.
	Proxy func(*http.Request) (*url.URL, error)
	// MaxConns bounds idle connections that are kept; 0 = 64.
	MaxConns int
}

// NoProxy passes by the environment's proxy.
func NoProxy(*http.Request) (*url.URL, error) { return nil, nil }

// QuotaConfig holds calls inside the public gateway's rate limits, which the
// account shares with everything else that uses KMS.
type QuotaConfig struct {
	// Fraction of the documented limit to use, 0–1; 0 = 0.6.
	Fraction float64
	// Off disables it. It is off for loopback endpoints unless Loopback says that they throttle as well.
	Off, Loopback bool
	// Turns are taken together with other clients; nil = there are none.
	Turns Turns
}

// Turns are what several clients of one account take together.
type Turns interface {
	// Take takes a turn of a group that has one every so often, so many of them at once after a rest, and says how long it is until then.
	Take(group string, every time.Duration, atOnce int, now time.Time) time.Duration
	// Account says whose turns they are, once an answer told.
	Account(id string)
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

	// Pace says when each attempt may begin, the first included; nil = at once.
	Pace Pace

	// Clock replaces time in tests; nil = the real one.
	Clock Clock
}

// Pace is the turns of a client whose calls share a quota with other processes'.
type Pace interface {
	// Begin waits until an attempt may begin, and gives what Refused is told of it.
	Begin(ctx context.Context, o *kms.Operation) (turn int64, err error)
	// Refused says that the service refused the attempt as over the quota.
	Refused(ctx context.Context, o *kms.Operation, turn int64)
}

// withDefaults fills in the zero values.
func (c RetryConfig) withDefaults() RetryConfig {
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 6
	}
	if c.MaxElapsed == 0 {
		c.MaxElapsed = 60 * time.Second
	}
	if c.BaseDelay == 0 {
		c.BaseDelay = 200 * time.Millisecond
	}
	if c.MaxDelay == 0 {
		c.MaxDelay = 10 * time.Second
	}
	if c.Budget == 0 {
		c.Budget = 0.2
	}
	if c.Clock == nil {
		c.Clock = realClock{}
	}
	return c
}
