package ops

import "golang.org/x/sys/unix"

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
