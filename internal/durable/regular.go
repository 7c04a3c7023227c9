package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"kmsplan.dev/kmsplan/internal/safety"
)

// ErrIrregular says that a name stands for no regular file: a symbolic link, a directory, a pipe.
var ErrIrregular = errors.New("is not a regular file")

// ErrExchanged says that a name stood for two files during one opening.
var ErrExchanged = errors.New("was exchanged for another file while it was opened; try again when it is at rest")

// OpenRegular opens an existing regular file below root and returns its facts. os.Root follows links that stay
// inside it, whatever the flags say, and a name can change hands between two calls; so what was opened must be
// what was looked at. A program that replaces the file at this very moment is not at fault, so it is tried again.
// Errors: fs.ErrNotExist, ErrIrregular, ErrExchanged.
func OpenRegular(root *os.Root, name string, flag int) (f *os.File, info fs.FileInfo, err error) {
	for range 3 {
		if f, info, err = openSeen(root, name, flag); !errors.Is(err, ErrExchanged) {
			break
		}
	}
	return f, info, err
}

// openSeen opens what it looked at.
func openSeen(root *os.Root, name string, flag int) (*os.File, fs.FileInfo, error) {
	seen, err := root.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !seen.Mode().IsRegular() && !safety.Off(safety.OnlyRegular) {
		return nil, nil, fmt.Errorf("%s %w", path.Join(root.Name(), name), ErrIrregular)
	}
	f, err := openAtOnce(root, name, flag)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(seen, info) {
		err = fmt.Errorf("%s %w", path.Join(root.Name(), name), ErrExchanged)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// openAtOnce does not wait for the other end of a pipe that took the name.
func openAtOnce(root *os.Root, name string, flag int) (*os.File, error) {
	return root.OpenFile(name, flag|noBlock, 0)
}

// Reason is an error of the system without the operation and the path: for a message that names both itself.
func Reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
