package kms

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// What the policy promises, observed at the server: requests per call.
func TestRetryPolicy(t *testing.T) {
	const attempts = 4
	rejected := func(status int, code string) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) { refuse(w, status, code, "x") }
	}
	for _, c := range []struct {
		name             string
		answer           func(w http.ResponseWriter)
		reads, creates   int
		ambiguousCreates bool
	}{
		{"KMS throttles", rejected(429, "Rejected.Throttling"), 2 * attempts, 2 * attempts, false},
		{"the gateway throttles", rejected(400, "Throttling.User"), 2 * attempts, 2 * attempts, false},
		{"429 with another code", rejected(429, "Concurrency"), 2 * attempts, 2 * attempts, false},
		{"503 that says throttled", rejected(503, "Throttling"), attempts, 1, true},
		{"instance is connecting", rejected(403, "Forbidden.DKMSInstanceStateInvalid"), attempts, attempts, false},
		{"500", rejected(500, "InternalFailure"), attempts, 1, true},
		{"503", rejected(503, "ServiceUnavailableTemporary"), attempts, 1, true},
		{"connection lost", func(w http.ResponseWriter) { hangUp(w) }, attempts, 1, true},
		{"signature", rejected(400, "SignatureDoesNotMatch"), 1, 1, false},
		{"validation", rejected(400, "InvalidParameter"), 1, 1, false},
		{"state", rejected(409, "Rejected.Disabled"), 1, 1, false},
		{"no such AccessKey", rejected(404, "InvalidAccessKeyId.NotFound"), 1, 1, false},
		{"time", rejected(400, "IllegalTimestamp"), 1, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { c.answer(w) })
			p := g.public(t, func(config *PublicConfig) { config.Retry.MaxAttempts = attempts })
			_, err := p.DescribeKey(context.Background(), "key-1")
			if n := len(g.seen()); n != c.reads || kmsError(t, err).Attempts != n {
				t.Errorf("read: %d requests: %v", n, err)
			}
			_, err = p.CreateKey(context.Background(), CreateKeyInput{})
			if n := len(g.seen()) - c.reads; n != c.creates {
				t.Errorf("CreateKey: %d requests", n)
			}
			if IsAmbiguous(err) != c.ambiguousCreates {
				t.Errorf("CreateKey: %v", err)
			}
		})
	}
}

// Operations whose second call differs from the first, or does harm, are never
// repeated after a lost answer.
func TestWhatIsNotIdempotent(t *testing.T) {
	want := map[string]bool{}
	for _, name := range []string{"CreateKey", "CreateKeyVersion", "CreateAlias", "DeleteAlias", "CreateSecret", "DeleteSecret",
		"RestoreSecret", "UpdateSecretVersionStage", "ScheduleKeyDeletion", "CancelKeyDeletion", "OpenKmsService", "ConnectKmsInstance", "ReleaseKmsInstance",
		"CreateClientKey", "DeleteClientKey", "CreateApplicationAccessPoint", "DeleteApplicationAccessPoint", "CreateNetworkRule",
		"DeleteNetworkRule", "CreatePolicy", "DeletePolicy", "CreateCertificate", "DeleteCertificate"} {
		want[name] = true
	}
	for _, o := range PublicOperations() {
		if o.Idempotent == want[o.Name] {
			t.Errorf("%s: idempotent %t", o.Name, o.Idempotent)
		}
	}
	for _, o := range InstanceOperations() {
		if !o.Idempotent || o.Mutating {
			t.Errorf("%s changes nothing", o.Name)
		}
	}
}

// An answer was lost, then the repetition is refused: the first may still have
// been carried out.
func TestLostAnswerStaysAmbiguous(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			hangUp(w)
			return
		}
		refuse(w, 403, "Forbidden.NoPermission", "no")
	})
	err := g.public(t).EnableKey(context.Background(), "k")
	if e := kmsError(t, err); e.Code != "Forbidden.NoPermission" || e.Outcome != Ambiguous || e.Attempts != 2 {
		t.Errorf("%+v", e)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for header, value := range map[string]string{
		"Retry-After":      "7",
		"X-Ratelimit-User": "Remaining:0,Limit:50,TimeLeft:7",
	} {
		g := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				w.Header().Set(header, value)
				refuse(w, 429, "Rejected.Throttling", "QPS Limit Exceeded")
				return
			}
			reply(w, 200, describedKey)
		})
		clock := &instantClock{}
		p := g.public(t, func(c *PublicConfig) { c.Retry.Clock = clock })
		if _, err := p.DescribeKey(context.Background(), "key-1"); err != nil {
			t.Fatal(err)
		}
		if clock.total() != 7*time.Second {
			t.Errorf("%s: waited %s", header, clock.total())
		}
	}
}

func TestRetriesEndWithTheTimeAllowed(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Retry-After", "25")
		refuse(w, 429, "Rejected.Throttling", "QPS Limit Exceeded")
	})
	clock := &instantClock{}
	p := g.public(t, func(c *PublicConfig) { c.Retry.Clock = clock })
	_, err := p.DescribeKey(context.Background(), "key-1")
	if n := len(g.seen()); n != 3 || clock.total() > time.Minute {
		t.Errorf("%d requests in %s: %v", n, clock.total(), err)
	}
}

func TestBackoffIsBoundedAndJittered(t *testing.T) {
	r := newRetrier(RetryConfig{})
	for attempt := 1; attempt < 100; attempt++ {
		ceiling := min(200*time.Millisecond<<min(attempt-1, 20), 10*time.Second)
		var low, high bool
		for range 200 {
			d := r.backoff(attempt)
			if d < 0 || d > ceiling {
				t.Fatalf("attempt %d: %s", attempt, d)
			}
			low, high = low || d < ceiling/2, high || d > ceiling/2
		}
		if !low || !high {
			t.Errorf("attempt %d is not jittered", attempt)
		}
	}
}

// When everything fails, retries are a fifth of the calls beyond the reserve.
func TestRetryBudget(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { refuse(w, 500, "InternalFailure", "x") })
	p := g.public(t)
	const calls = 200
	for i := range calls {
		if _, err := p.DescribeKey(context.Background(), fmt.Sprint(i)); err == nil {
			t.Fatal("no error")
		}
	}
	if retries := len(g.seen()) - calls; retries > retryReserve+calls/5 || retries < retryReserve {
		t.Errorf("%d retries", retries)
	}
}

func TestEveryAttemptIsSignedAnew(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n < 3 {
			refuse(w, 500, "InternalFailure", "x")
			return
		}
		reply(w, 200, describedKey)
	})
	if _, err := g.public(t).DescribeKey(context.Background(), "key-1"); err != nil {
		t.Fatal(err)
	}
	nonces := map[string]bool{}
	for _, r := range g.seen() {
		nonces[r.header.Get("X-Acs-Signature-Nonce")] = true
		verifyACS3(t, r)
	}
	if len(nonces) != 3 {
		t.Errorf("%d nonces", len(nonces))
	}
}
