package ops

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
)

// output is a file that will be written whole or not at all, at every instant and after every crash. It and its
// directory come into being with the first byte: what fails before, a KMS call for example, leaves no trace. It
// is 0600 until Commit.
type output struct {
	at      place
	attr    func(old fs.FileInfo) durable.Attributes // old is nil where no file is replaced
	disk    durable.Seam                             // nil = none
	sweeper *sweeper                                 // nil = sweep nothing
	now     func() time.Time
	dir     *durable.Dir
	file    *durable.Pending
	keep    durable.Attributes
}

// newOutput refuses at once what could not be replaced in the end.
func newOutput(at place, attr func(fs.FileInfo) durable.Attributes) (*output, error) {
	if err := at.writable(); err != nil {
		return nil, err
	}
	if _, err := refuseIrregular(at); err != nil && !isMissing(err) {
		return nil, err
	}
	return &output{at: at, attr: attr}, nil
}

// output is a newOutput of the engine's, which also removes what dead writers left in its directory.
func (e *Engine) output(at place, attr func(fs.FileInfo) durable.Attributes) (*output, error) {
	o, err := newOutput(at, attr)
	if err == nil {
		o.disk, o.sweeper, o.now = e.disk, &e.sweeper, e.now
	}
	return o, err
}

func (o *output) create() (err error) {
	if o.file != nil {
		return nil
	}
	old, err := refuseIrregular(o.at)
	if err != nil && !isMissing(err) {
		return err
	}
	o.keep = o.attr(old)
	if o.dir == nil {
		if o.dir, err = durable.In(o.at.root, path.Dir(o.at.name), 0o755, o.disk); err != nil {
			return fmt.Errorf("open the directory of %s: %w", o.at, err)
		}
	}
	if o.file, err = o.dir.Create(path.Base(o.at.name), PrivateMode); err != nil {
		return fmt.Errorf("create a file beside %s: %w", o.at, err)
	}
	o.file.SetModTime(o.keep.ModTime)
	if o.sweeper != nil {
		o.sweeper.sweep(o.dir, o.now())
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
	err := o.keep.Give(o.file.OS())
	if err == nil {
		err = o.file.Commit()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", o.at, err)
	}
	return nil
}

// Abort removes what was not committed.
func (o *output) Abort() {
	if o.file != nil {
		o.file.Abort()
	}
	if o.dir != nil {
		o.dir.Close()
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
