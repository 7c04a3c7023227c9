package ops

import (
	"io"
	"io/fs"
	"time"
)

// output is a file that will be written whole or not at all. It and its directory come into being with
// the first byte: what fails before, a KMS call for example, leaves no trace.
type output struct {
	at      place
	attr    func(old fs.FileInfo) attributes // old is nil where no file is replaced
	sweeper *sweeper                         // nil = sweep nothing
	now     func() time.Time
	file    *atomicFile
}

// newOutput refuses at once what could not be replaced in the end.
func newOutput(at place, attr func(fs.FileInfo) attributes) (*output, error) {
	if err := at.writable(); err != nil {
		return nil, err
	}
	if _, err := refuseIrregular(at); err != nil && !isMissing(err) {
		return nil, err
	}
	return &output{at: at, attr: attr}, nil
}

// sweeping also removes what dead writers left in the directory.
func (o *output) sweeping(s *sweeper, now func() time.Time) *output {
	o.sweeper, o.now = s, now
	return o
}

func (o *output) create() error {
	if o.file != nil {
		return nil
	}
	old, err := o.at.root.Lstat(o.at.name)
	if err != nil {
		old = nil
	}
	if o.file, err = createAtomic(o.at, o.attr(old)); err != nil {
		return err
	}
	if o.sweeper != nil {
		o.sweeper.sweep(o.file.dir, o.now())
	}
	return nil
}

// Write appends to the new content.
func (o *output) Write(p []byte) (int, error) {
	if err := o.create(); err != nil {
		return 0, err
	}
	return o.file.Write(p)
}

// Commit makes the new content the file's, also when it is empty.
func (o *output) Commit() error {
	if err := o.create(); err != nil {
		return err
	}
	if err := o.at.writable(); err != nil {
		return err
	}
	return o.file.Commit()
}

// Abort removes what was not committed.
func (o *output) Abort() {
	if o.file != nil {
		o.file.Abort()
	}
}

// WriteFile writes a file whole or not at all. write may fail halfway: then the name
// holds what it held before. The file gets mode, or keeps mode and owner where it exists and that is no wider.
func WriteFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	to, err := atNew(path)
	if err != nil {
		return err
	}
	defer to.close()
	out, err := newOutput(to, noWider(mode))
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := write(out); err != nil {
		return err
	}
	return out.Commit()
}

// noWider keeps an existing file's attributes if its mode gives nobody more than mode does.
func noWider(mode fs.FileMode) func(fs.FileInfo) attributes {
	return func(old fs.FileInfo) attributes {
		if old != nil && old.Mode().Perm()&^mode == 0 {
			return attributesOf(old)
		}
		return newFile(mode)
	}
}
