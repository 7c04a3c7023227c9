package public

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

// What the policy promises, observed at the server: requests per call.
func TestRetryPolicy(t *testing.T) {
	const attempts = 4
	rejected := func(status int, code string) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) { kmstest.Refuse(w, status, code, "x") }
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
		{"connection lost", func(w http.ResponseWriter) { kmstest.HangUp(w) }, attempts, 1, true},
		{"signature", rejected(400, "SignatureDoesNotMatch"), 1, 1, false},
		{"validation", rejected(400, "InvalidParameter"), 1, 1, false},
		{"state", rejected(409, "Rejected.Disabled"), 1, 1, false},
		{"no such AccessKey", rejected(404, "InvalidAccessKeyId.NotFound"), 1, 1, false},
		{"time", rejected(400, "IllegalTimestamp"), 1, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { c.answer(w) })
			p := client(t, g, func(config *Config) { config.Retry.MaxAttempts = attempts })
			_, err := p.DescribeKey(context.Background(), "key-1")
			if n := len(g.Seen()); n != c.reads || kmstest.KMSError(t, err).Attempts != n {
				t.Errorf("read: %d requests: %v", n, err)
			}
			_, err = p.CreateKey(context.Background(), kms.CreateKeyInput{})
			if n := len(g.Seen()) - c.reads; n != c.creates {
				t.Errorf("CreateKey: %d requests", n)
			}
			if kms.IsAmbiguous(err) != c.ambiguousCreates {
				t.Errorf("CreateKey: %v", err)
			}
		})
	}
}

// An answer was lost, then the repetition is refused: the first may still have
// been carried out.
func TestLostAnswerStaysAmbiguous(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			kmstest.HangUp(w)
			return
		}
		kmstest.Refuse(w, 403, "Forbidden.NoPermission", "no")
	})
	err := client(t, g).EnableKey(context.Background(), "k")
	if e := kmstest.KMSError(t, err); e.Code != "Forbidden.NoPermission" || e.Outcome != kms.Ambiguous || e.Attempts != 2 {
		t.Errorf("%+v", e)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for header, value := range map[string]string{
		"Retry-After":      "7",
		"X-Ratelimit-User": "Remaining:0,Limit:50,TimeLeft:7",
	} {
		g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				w.Header().Set(header, value)
				kmstest.Refuse(w, 429, "Rejected.Throttling", "QPS Limit Exceeded")
				return
			}
			kmstest.Reply(w, 200, kmstest.DescribedKey)
		})
		clock := &kmstest.InstantClock{}
		p := client(t, g, func(c *Config) { c.Retry.Clock = clock })
		if _, err := p.DescribeKey(context.Background(), "key-1"); err != nil {
			t.Fatal(err)
		}
		if clock.Total() != 7*time.Second {
			t.Errorf("%s: waited %s", header, clock.Total())
		}
	}
}

func TestRetriesEndWithTheTimeAllowed(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Retry-After", "25")
		kmstest.Refuse(w, 429, "Rejected.Throttling", "QPS Limit Exceeded")
	})
	clock := &kmstest.InstantClock{}
	p := client(t, g, func(c *Config) { c.Retry.Clock = clock })
	_, err := p.DescribeKey(context.Background(), "key-1")
	if n := len(g.Seen()); n != 3 || clock.Total() > time.Minute {
		t.Errorf("%d requests in %s: %v", n, clock.Total(), err)
	}
}

// When everything fails, retries are a fifth of the calls beyond the reserve.
func TestRetryBudget(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Refuse(w, 500, "InternalFailure", "x") })
	p := client(t, g)
	const calls = 200
	for i := range calls {
		if _, err := p.DescribeKey(context.Background(), fmt.Sprint(i)); err == nil {
			t.Fatal("no error")
		}
	}
	if retries := len(g.Seen()) - calls; retries > 20+calls/5 || retries < 20 {
		t.Errorf("%d retries", retries)
	}
}

func TestEveryAttemptIsSignedAnew(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n < 3 {
			kmstest.Refuse(w, 500, "InternalFailure", "x")
			return
		}
		kmstest.Reply(w, 200, kmstest.DescribedKey)
	})
	if _, err := client(t, g).DescribeKey(context.Background(), "key-1"); err != nil {
		t.Fatal(err)
	}
	nonces := map[string]bool{}
	for _, r := range g.Seen() {
		nonces[r.Header.Get("X-Acs-Signature-Nonce")] = true
		verifyACS3(t, r)
	}
	if len(nonces) != 3 {
		t.Errorf("%d nonces", len(nonces))
	}
}
