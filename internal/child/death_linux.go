package child

import (
	"os/exec"
	"syscall"
)

// dieWith has a signal sent to a program when this process ends.
func dieWith(cmd *exec.Cmd, death syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = death
}
