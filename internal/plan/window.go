package plan

import (
	"fmt"
	"time"
)

// TimeLeft says, in the words of every form of output, how long an object that waits for deletion can still be rescued.
// One whose window has ended is not gone before KMS deletes it, and until then a rescue may still succeed.
func TimeLeft(at, now time.Time) string {
	left := at.Sub(now)
	switch {
	case at.IsZero():
		return "the service gives no date"
	case left <= 0:
		return "its window has ended"
	case left < time.Hour:
		return "less than an hour left"
	case left < 48*time.Hour:
		return counted(int(left/time.Hour), "hour") + " left"
	}
	return counted(int(left/(24*time.Hour)), "day") + " left"
}

func counted(n int, what string) string {
	return fmt.Sprintf("%d %s", n, plural(n, what, what+"s"))
}
