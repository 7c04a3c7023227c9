package durable

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// nameless opens a file that its directory does not list: when its writer dies, it is gone. It fails with
// errors.ErrUnsupported on file systems without such files.
func nameless(dir *os.File) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	switch {
	case errors.Is(err, unix.EISDIR), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOENT):
		return nil, errors.Join(errors.ErrUnsupported, err)
	case err != nil:
		return nil, &os.PathError{Op: "create a file in", Path: dir.Name(), Err: err}
	}
	f := os.NewFile(uintptr(fd), dir.Name())
	if _, err := os.Stat(procPath(f)); err != nil {
		return nil, errors.Join(errors.ErrUnsupported, err, f.Close()) // without /proc it would never get a name
	}
	return f, nil
}

func procPath(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }

// giveName lists a nameless file in the directory under a name that is free.
func giveName(f, dir *os.File, name string) error {
	err := unix.Linkat(unix.AT_FDCWD, procPath(f), int(dir.Fd()), name, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &os.LinkError{Op: "link", Old: f.Name(), New: name, Err: err}
	}
	return nil
}
