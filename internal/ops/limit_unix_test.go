//go:build unix

package ops

import (
	"os/signal"
	"syscall"
)

// limitFileSize makes writes beyond it fail, as on a full disk.
func limitFileSize(n uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
}

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }
