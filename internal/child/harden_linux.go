package child

import "golang.org/x/sys/unix"

// Harden keeps this process's memory from other processes of the user, and out of core dumps; what it starts makes no
// core dumps either, unless it asks for them. It is best effort: what the system refuses stays as it was.
func Harden() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	noCoreDumps()
}
