//go:build unix

package plan_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
