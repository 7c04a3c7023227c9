package ops

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// nameless opens a file that its directory does not list: when its writer dies, it is gone. It fails
// on file systems without O_TMPFILE.
func nameless(dir *os.File) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), dir.Name()), nil
}

// giveName lists a nameless file in the directory.
func giveName(f, dir *os.File, name string) error {
	return unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(int(f.Fd())), int(dir.Fd()), name, unix.AT_SYMLINK_FOLLOW)
}
