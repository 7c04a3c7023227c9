package durable

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Attributes are what of a file survives its being rewritten. Access lists and extended
// attributes do not.
type Attributes struct {
	Mode     fs.FileMode
	UID, GID int       // -1 = leave
	ModTime  time.Time // zero = leave
}

// NewFile are the attributes of a file that did not exist.
func NewFile(mode fs.FileMode) Attributes { return Attributes{Mode: mode.Perm(), UID: -1, GID: -1} }

// AttributesOf reads what to keep of an existing file; its modification time is left.
func AttributesOf(info fs.FileInfo) Attributes {
	a := NewFile(info.Mode())
	a.UID, a.GID = OwnerOf(info)
	return a
}

// Give puts owner and mode on an open file. Who may not give a file away keeps it; a group
// that was not kept gets no more than everybody, so that no other group reads in its place.
func (a Attributes) Give(f *os.File) error {
	mode := a.Mode
	if a.UID >= 0 {
		err := f.Chown(a.UID, a.GID)
		if errors.Is(err, fs.ErrPermission) {
			err = f.Chown(-1, a.GID)
		}
		if errors.Is(err, fs.ErrPermission) {
			mode, err = groupless(mode), nil
		}
		if err != nil {
			return err
		}
	}
	return f.Chmod(mode)
}

// groupless takes from a mode what it gives the group beyond everybody.
func groupless(mode fs.FileMode) fs.FileMode {
	return mode&^0o070 | mode&(mode<<3)&0o070
}
