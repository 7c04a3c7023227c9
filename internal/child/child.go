package child

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Program is a program that was started.
type Program struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// outputDelay is how long after its end a program's output is still read, which what it started may go on writing.
const outputDelay = 2 * time.Second

// Start starts a program. Where the system can do that, death is sent to it when this process ends, however it ends;
// 0 = nothing.
func Start(cmd *exec.Cmd, death syscall.Signal) (*Program, error) {
	p := &Program{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the system takes the end of the thread that started it for that of the process
		defer runtime.UnlockOSThread()
		dieWith(cmd, death)
		cmd.WaitDelay = outputDelay
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// Wait waits for the program's end.
func (p *Program) Wait() error {
	<-p.done
	return p.err
}

// Done is closed at the program's end.
func (p *Program) Done() <-chan struct{} { return p.done }

// Signal sends a signal, if the program has not ended.
func (p *Program) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// Kill ends the program.
func (p *Program) Kill() { _ = p.cmd.Process.Kill() }

// ExitCode is what a shell makes of the end of a program: its code, or 128 and the number of the signal that ended it.
// What never ran, or could not be waited for, has none.
func ExitCode(err error) (code int, ok bool) {
	var ended *exec.ExitError
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return 0, true
	case !errors.As(err, &ended):
		return 0, false
	}
	if n := signalled(ended.ProcessState); n > 0 {
		return 128 + n, true
	}
	return ended.ExitCode(), true
}
