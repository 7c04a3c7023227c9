//go:build unix

package child

import (
	"os"
	"syscall"
)

// signalled is the number of the signal that ended a program, or 0.
func signalled(s *os.ProcessState) int {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return int(status.Signal())
	}
	return 0
}
