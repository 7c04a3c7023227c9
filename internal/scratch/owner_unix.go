//go:build unix

package scratch

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// ownName is the name of this user's directory below a base.
func ownName() string { return "kmsplan-" + strconv.Itoa(os.Geteuid()) }

// ours reports whether a directory is this user's, and nobody else may enter it.
func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}
