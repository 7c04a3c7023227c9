package ops

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// facts tell one content of one file from another: every write to a file changes its ctime,
// which no program can set.
type facts struct {
	Dev   uint64 `json:"dev"`
	Ino   uint64 `json:"ino"`
	Size  int64  `json:"size"`
	Mtime int64  `json:"mtime"` // ns since 1970
	Ctime int64  `json:"ctime"` // ns since 1970
}

func factsOf(info fs.FileInfo) facts {
	out := facts{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		out.Dev, out.Ino, out.Ctime = st.Dev, st.Ino, st.Ctim.Nano()
	}
	return out
}

// stamps reports whether the file system of an open file is one that is known to stamp every
// write with the local clock, also through a memory mapping once its pages were written back. Network
// file systems use other clocks and cache, tmpfs never writes back.
func stamps(fd uintptr) bool {
	var st unix.Statfs_t
	if unix.Fstatfs(int(fd), &st) != nil {
		return false
	}
	switch int64(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC:
		return true
	}
	return false
}
