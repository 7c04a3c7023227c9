//go:build unix

package cli

import (
	"os"
	"syscall"
)

// passedOn are the signals that a command gets that this process gets, besides those that would end it anyway.
var passedOn = []os.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM}
