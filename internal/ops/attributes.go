package ops

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// attributes are what of a file survives its being rewritten. Access lists and extended
// attributes do not.
type attributes struct {
	mode     fs.FileMode
	uid, gid int       // -1 = leave
	mtime    time.Time // zero = leave
}

// newFile are the attributes of a file that did not exist.
func newFile(mode fs.FileMode) attributes { return attributes{mode: mode.Perm(), uid: -1, gid: -1} }

// attributesOf reads what to keep of an existing file.
func attributesOf(info fs.FileInfo) attributes {
	a := newFile(info.Mode())
	a.uid, a.gid = ownerOf(info)
	return a
}

// give puts owner and mode on an open file. Who may not give a file away keeps it; a group
// that was not kept gets no more than everybody, so that no other group reads in its place.
func (a attributes) give(f *os.File) error {
	mode := a.mode
	if a.uid >= 0 {
		err := f.Chown(a.uid, a.gid)
		if errors.Is(err, fs.ErrPermission) {
			err = f.Chown(-1, a.gid)
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

// plaintextAttributes never makes a plaintext readable for more people than asked for.
func plaintextAttributes(mode fs.FileMode) func(fs.FileInfo) attributes {
	if mode == 0 {
		return noWider(PrivateMode)
	}
	return func(old fs.FileInfo) attributes {
		a := newFile(mode)
		if old != nil {
			keep := attributesOf(old)
			a.uid, a.gid = keep.uid, keep.gid
		}
		return a
	}
}

// envelopeAttributes are those of the output that is replaced, or the source's mode.
func envelopeAttributes(source fs.FileInfo) func(fs.FileInfo) attributes {
	return func(old fs.FileInfo) attributes {
		if old != nil {
			return attributesOf(old)
		}
		return newFile(source.Mode())
	}
}

// noWider keeps an existing file's attributes if its mode gives nobody more than mode does.
func noWider(mode fs.FileMode) func(fs.FileInfo) attributes {
	return func(old fs.FileInfo) attributes {
		if old != nil && (old.Mode().Perm()&^mode == 0 || safety.Off(safety.ModeNoWider)) {
			return attributesOf(old)
		}
		return newFile(mode)
	}
}
