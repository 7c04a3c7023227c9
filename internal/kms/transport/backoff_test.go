package transport

import (
	"testing"
	"time"
)

func TestBackoffIsBoundedAndJittered(t *testing.T) {
	r := NewRetrier(RetryConfig{})
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
