package kms

import (
	"fmt"
	"strconv"
	"time"
)

var intervalUnits = map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute, 's': time.Second}

// ParseInterval reads KMS's intervals: digits and one of d, h, m, s. The
// service answers in seconds whatever unit it was given, so intervals compare
// as durations only.
func ParseInterval(text string) (time.Duration, error) {
	if len(text) < 2 {
		return 0, fmt.Errorf("interval %q is not a number with d, h, m or s", text)
	}
	unit, ok := intervalUnits[text[len(text)-1]]
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
	if !ok || err != nil {
		return 0, fmt.Errorf("interval %q is not a number with d, h, m or s", text)
	}
	if n > uint64(1<<63-1)/uint64(unit) {
		return 0, fmt.Errorf("interval %q is longer than 292 years", text)
	}
	return time.Duration(n) * unit, nil
}

// FormatInterval writes an interval as KMS answers it, in whole seconds.
func FormatInterval(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) + "s" }

// ParseTime reads KMS's timestamps; "" and anything else is the zero time.
func ParseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// ParseDuration reads an interval of an answer; "" and anything else is 0.
func ParseDuration(text string) time.Duration {
	d, err := ParseInterval(text)
	if err != nil {
		return 0
	}
	return d
}
