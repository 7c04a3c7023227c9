package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
)

// refuseIrregular allows regular files only: no symbolic link, device, pipe or directory.
func refuseIrregular(p place) (fs.FileInfo, error) {
	info, err := p.root.Lstat(p.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing{p.String()}
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be looked at: %w", p, durable.Reason(err))
	}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return info, nil
	case mode&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a symbolic link; name the file itself", p)
	case mode.IsDir():
		return nil, fmt.Errorf("%s is a directory; name a file in it", p)
	default:
		return nil, fmt.Errorf("%s is not a regular file", p)
	}
}

// openRegular opens a regular file and returns its facts: what was looked at, and nothing that took its name.
func openRegular(p place, flag int) (*os.File, fs.FileInfo, error) {
	if _, err := refuseIrregular(p); err != nil {
		return nil, nil, err
	}
	switch f, info, err := durable.OpenRegular(p.root, p.name, flag); {
	case err == nil:
		return f, info, nil
	case isMissing(err):
		return nil, nil, missing{p.String()}
	case errors.Is(err, durable.ErrIrregular):
		return nil, nil, fmt.Errorf("%s %w", p, durable.ErrIrregular)
	case errors.Is(err, durable.ErrExchanged):
		return nil, nil, fmt.Errorf("%s %w", p, durable.ErrExchanged)
	default:
		return nil, nil, unopened{p.String(), durable.Reason(err)}
	}
}

// unopened says that a regular file is there and may not be opened.
type unopened struct {
	name string
	err  error
}

func (u unopened) Error() string { return u.name + " cannot be opened: " + u.err.Error() }
func (u unopened) Unwrap() error { return u.err }

// missing says that a file is not there; it is a fs.ErrNotExist.
type missing struct{ name string }

func (m missing) Error() string { return m.name + " does not exist" }
func (m missing) Unwrap() error { return fs.ErrNotExist }

// unchanged refuses a source that was written to while n bytes of it were read. One that was replaced
// meanwhile has lost a name, which changes the ctime too, and was read as it had been.
func unchanged(p place, f *os.File, before fs.FileInfo, n int64) error {
	after, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at %s again: %w", p, err)
	}
	was, is := durable.FactsOf(before), durable.FactsOf(after)
	if durable.Links(after) != durable.Links(before) {
		was.Ctime = is.Ctime
	}
	if (n != before.Size() || is != was) && !safety.Off(safety.SourceAtRest) {
		return fmt.Errorf("%s changed while it was read; try again when it is at rest", p)
	}
	return nil
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
