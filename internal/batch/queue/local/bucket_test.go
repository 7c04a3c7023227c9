package local_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// Every process opens the bucket for itself; here each has its own queue on the directory, with locks of its own.
func TestProcessesShareOneRate(t *testing.T) {
	const rate = 1000
	dir := t.TempDir()
	if err := open(t, dir).Bucket("here", quota.Symmetric).Set(t.Context(), rate); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var leased time.Duration // of the last slot, its end, since the beginning
	calls, begun := 0, time.Now()
	var all sync.WaitGroup
	for range 4 {
		b := open(t, dir).Bucket("here", quota.Symmetric)
		all.Go(func() {
			for n := 0; n < 50; {
				before := time.Since(begun)
				s, err := b.Lease(t.Context(), 5)
				if err != nil {
					t.Error(err)
					return
				}
				if s.N == 0 { // enough are given
					time.Sleep(s.In)
					continue
				}
				n++
				mu.Lock()
				calls += s.N
				leased = max(leased, before+s.In+time.Duration(s.N)*s.Every)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	// No two slots overlap: so many calls take so long, whoever makes them.
	if least := time.Duration(calls) * time.Second / rate; calls != 1000 || leased < least-time.Second/10 {
		t.Errorf("%d calls are allowed within %s, at a rate of %d", calls, leased, rate)
	}
}

func TestABucketThatWasTornIsFullAndOneOfALaterClockIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir).Bucket("here/there", quota.Symmetric)
	if _, err := b.Lease(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "bucket-here_there-symmetric")
	for _, text := range []string{"", "{", `{"Ceiling":100,"Rate":100,"At":"2999-01-01T00:00:00Z","Due":"2999-01-01T00:00:00Z"}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		s, err := b.Lease(ctx, 1)
		cancel()
		if err != nil || s.In > time.Second {
			t.Errorf("of the level %q a slot is %+v: %v", text, s, err)
		}
	}
}
