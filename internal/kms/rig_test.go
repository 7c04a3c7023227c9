package kms_test

import (
	"context"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// connectPublic returns a client of the gateway that never waits between attempts.
func connectPublic(t testing.TB, g *kmstest.Gateway, changes ...func(*public.Config)) *public.Client {
	t.Helper()
	c := public.Config{Connection: g.Connection(), Region: "cn-hangzhou", Credentials: kmstest.Credentials,
		Retry: transport.RetryConfig{Clock: &kmstest.InstantClock{}}}
	for _, change := range changes {
		change(&c)
	}
	p, err := public.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// sealCanary makes a call whose parameters hold a canary.
func sealCanary(p *public.Client) error {
	_, err := p.Encrypt(context.Background(), "key-1", []byte(kmstest.CanaryPlain), map[string]string{"app": "orders"})
	return err
}

func once(c *public.Config) { c.Retry.MaxAttempts = 1 }

// connectInstance returns a client of the gateway that never waits between attempts.
func connectInstance(t testing.TB, g *kmstest.Gateway, changes ...func(*clientkey.Config)) *clientkey.Client {
	t.Helper()
	c := clientkey.Config{Connection: g.Connection(), InstanceID: "kst-test", Key: kmstest.ClientKey(t),
		Retry: transport.RetryConfig{Clock: &kmstest.InstantClock{}}}
	for _, change := range changes {
		change(&c)
	}
	k, err := clientkey.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}
