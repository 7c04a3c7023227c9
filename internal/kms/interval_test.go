package kms

import (
	"testing"
	"time"
)

func TestIntervals(t *testing.T) {
	day := 24 * time.Hour
	for in, want := range map[string]time.Duration{"365d": 365 * day, "31536000s": 365 * day, "8760h": 365 * day, "6h": 6 * time.Hour, "90m": 90 * time.Minute} {
		if got, err := ParseInterval(in); err != nil || got != want {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
	for _, in := range []string{"", "d", "7", "7w", "-7d", "7.5d", " 7d", "7D", "9999999999d", "4000000000d"} {
		if got, err := ParseInterval(in); err == nil {
			t.Errorf("%q: %s", in, got)
		}
	}
	if FormatInterval(365*day) != "31536000s" {
		t.Error(FormatInterval(365 * day))
	}
}

func FuzzInterval(f *testing.F) {
	f.Add("365d")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseInterval(text)
		if err != nil {
			return
		}
		if again, err := ParseInterval(FormatInterval(d)); d < 0 || d/time.Second < 1<<32 && (err != nil || again != d) {
			t.Errorf("%q: %s, %s, %v", text, d, again, err)
		}
	})
}
