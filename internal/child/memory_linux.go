package child

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Memory puts a content into a file that has no name and lies in memory alone: the system forgets it when nobody has
// it open. Nobody can change it. A program that this process becomes finds it under the path.
func Memory(content []byte) (path string, err error) {
	fd, err := unix.MemfdCreate("kmsplan", unix.MFD_ALLOW_SEALING)
	if err != nil {
		return "", os.NewSyscallError("memfd_create", err)
	}
	for rest := content; len(rest) > 0; {
		n, err := unix.Write(fd, rest)
		if err != nil {
			return "", os.NewSyscallError("write", err)
		}
		rest = rest[n:]
	}
	if err := unix.Fchmod(fd, 0o400); err != nil {
		return "", os.NewSyscallError("fchmod", err)
	}
	if _, err := unix.Seek(fd, 0, 0); err != nil {
		return "", os.NewSyscallError("lseek", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE); err != nil {
		return "", os.NewSyscallError("fcntl", err)
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), nil
}
