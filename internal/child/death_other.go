//go:build !linux

package child

import (
	"os/exec"
	"syscall"
)

// dieWith does nothing: this system does not tell a program of its parent's end.
func dieWith(*exec.Cmd, syscall.Signal) {}
