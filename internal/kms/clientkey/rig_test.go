package clientkey

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// client returns a client of the gateway that never waits between attempts.
func client(t testing.TB, g *kmstest.Gateway, changes ...func(*Config)) *Client {
	t.Helper()
	c := Config{Connection: g.Connection(), InstanceID: "kst-test", Key: kmstest.ClientKey(t),
		Retry: transport.RetryConfig{Clock: &kmstest.InstantClock{}}}
	for _, change := range changes {
		change(&c)
	}
	k, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}
