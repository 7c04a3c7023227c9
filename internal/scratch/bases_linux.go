package scratch

import (
	"os"

	"golang.org/x/sys/unix"
)

// Bases are where private directories may be made, best first: what systemd keeps for the user, shared memory, and
// the directory of temporary files. getenv asks the environment.
func Bases(getenv func(string) string) []string {
	var list []string
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" && inMemory(dir) {
		list = append(list, dir)
	}
	if inMemory("/dev/shm") {
		list = append(list, "/dev/shm")
	}
	return append(list, os.TempDir())
}

// inMemory reports whether a directory is of a file system that keeps nothing on a disk.
func inMemory(dir string) bool {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return false
	}
	return int64(st.Type) == unix.TMPFS_MAGIC || int64(st.Type) == unix.RAMFS_MAGIC
}
