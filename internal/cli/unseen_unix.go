//go:build unix

package cli

import "golang.org/x/sys/unix"

// hideTyping lets a terminal show nothing of what is typed from now on.
func hideTyping(fd int) error {
	t, err := unix.IoctlGetTermios(fd, getTerminal)
	if err != nil {
		return err
	}
	t.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, setTerminal, t)
}
