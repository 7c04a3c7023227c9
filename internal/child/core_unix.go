//go:build unix

package child

import "golang.org/x/sys/unix"

// noCoreDumps lowers the limit that programs may raise again.
func noCoreDumps() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &limit) == nil {
		limit.Cur = 0
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &limit)
	}
}
