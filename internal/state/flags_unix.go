//go:build unix

package state

import "golang.org/x/sys/unix"

// noFollow refuses symbolic links and does not wait for the other end of a named pipe.
const noFollow = unix.O_NOFOLLOW | unix.O_NONBLOCK
