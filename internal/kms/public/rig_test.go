package public

import (
	"context"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// client returns a client of the gateway that never waits between attempts.
func client(t testing.TB, g *kmstest.Gateway, changes ...func(*Config)) *Client {
	t.Helper()
	c := Config{Connection: g.Connection(), Region: "cn-hangzhou", Credentials: kmstest.Credentials,
		Retry: transport.RetryConfig{Clock: &kmstest.InstantClock{}}}
	for _, change := range changes {
		change(&c)
	}
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// encryptCanary makes a call whose parameters hold a canary.
func encryptCanary(p *Client) error {
	_, err := p.Encrypt(context.Background(), "key-1", []byte(kmstest.CanaryPlain), map[string]string{"app": "orders"})
	return err
}

func noRetry(c *Config) { c.Retry.MaxAttempts = 1 }
