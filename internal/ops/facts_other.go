//go:build !linux

package ops

import "io/fs"

// facts tell one content of a file from another as well as size and mtime can.
type facts struct {
	Size  int64 `json:"size"`
	Mtime int64 `json:"mtime"` // ns since 1970
	Ctime int64 `json:"-"`
}

func factsOf(info fs.FileInfo) facts {
	return facts{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
}

// stamps is about a file system whose every write changes a file's facts; here none is known.
func stamps(uintptr) bool { return false }
