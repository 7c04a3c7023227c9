package cli

import "golang.org/x/sys/windows"

// hideTyping lets a console show nothing of what is typed from now on.
func hideTyping(fd int) error {
	var mode uint32
	if err := windows.GetConsoleMode(windows.Handle(fd), &mode); err != nil {
		return err
	}
	return windows.SetConsoleMode(windows.Handle(fd), mode&^windows.ENABLE_ECHO_INPUT)
}
