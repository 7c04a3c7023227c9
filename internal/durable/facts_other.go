//go:build !linux

package durable

import (
	"fmt"
	"io/fs"
)

// Facts tell one content of a file from another as well as size and mtime can.
type Facts struct {
	Size  int64 `json:"size"`
	Mtime int64 `json:"mtime"` // ns since 1970
	Ctime int64 `json:"-"`
}

// FactsOf are the facts of a file.
func FactsOf(info fs.FileInfo) Facts {
	return Facts{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
}

// String names the content among those that the file had.
func (f Facts) String() string { return fmt.Sprintf("%x-%x", f.Size, f.Mtime) }
