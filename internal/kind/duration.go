package kind

import (
	"math"
	"strconv"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// Day is KMS's day: 24 hours, whatever the calendar says.
const Day = 24 * time.Hour

// Rotation intervals a software-instance key accepts (KMS: UpdateRotationPolicy);
// keys outside an instance accept DefaultKeyRotation only.
const (
	MinRotation        = 7 * Day
	MaxRotation        = 365 * Day
	DefaultKeyRotation = 365 * Day
)

var durationPattern = pattern.New(`^([0-9]{1,18})([dhms])$`)

var unitLength = map[string]time.Duration{"d": Day, "h": time.Hour, "m": time.Minute, "s": time.Second}

// ParseDuration reads KMS's durations: a whole number and one unit, d, h, m or s.
// The service answers in seconds whatever unit was sent, so durations are compared,
// never their texts.
func ParseDuration(s string) (time.Duration, error) {
	m := durationPattern.FindStringSubmatch(s)
	if m == nil {
		return 0, sentence(`%q is no duration. Write a whole number and one unit (d, h, m or s), such as "90d" or "12h".`, s)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	unit := unitLength[m[2]]
	if err != nil || n > math.MaxInt64/int64(unit) {
		return 0, sentence(`The duration %q is longer than kmsplan can count (292 years).`, s)
	}
	return time.Duration(n) * unit, nil
}

// FormatDuration writes a duration in its largest whole unit: 365d, 36h, 90s.
func FormatDuration(d time.Duration) string {
	for _, u := range []string{"d", "h", "m"} {
		if d > 0 && d%unitLength[u] == 0 {
			return strconv.FormatInt(int64(d/unitLength[u]), 10) + u
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

func equalDurations(configured, live cty.Value) bool {
	a, errA := ParseDuration(configured.AsString())
	b, errB := ParseDuration(live.AsString())
	if errA != nil || errB != nil {
		return configured.RawEquals(live)
	}
	return a == b
}
