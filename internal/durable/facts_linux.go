package durable

import (
	"fmt"
	"io/fs"
	"syscall"
)

// Facts tell one content of one file from another: every write to a file changes its ctime,
// which no program can set.
type Facts struct {
	Dev   uint64 `json:"dev"`
	Ino   uint64 `json:"ino"`
	Size  int64  `json:"size"`
	Mtime int64  `json:"mtime"` // ns since 1970
	Ctime int64  `json:"ctime"` // ns since 1970
}

// FactsOf are the facts of a file.
func FactsOf(info fs.FileInfo) Facts {
	out := Facts{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		out.Dev, out.Ino, out.Ctime = st.Dev, st.Ino, st.Ctim.Nano()
	}
	return out
}

// String names the content among those that the file system had, wherever it is mounted.
func (f Facts) String() string {
	return fmt.Sprintf("%x-%x-%x-%x", f.Ino, f.Size, f.Mtime, f.Ctime)
}
