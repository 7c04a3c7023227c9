package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/durable"
)

// Options say where the files lie.
type Options struct {
	Root string // a directory
	// Patience is how long a write waits for another process of kmsplan that rewrites the same file; 0 = 5 s.
	Patience time.Duration
	Disk     durable.Seam // nil = none
}

const (
	patience = 5 * time.Second
	retry    = 10 * time.Millisecond
)

// Source is a source.Source.
type Source struct {
	root  *os.Root
	where string
	o     Options

	mu    sync.Mutex
	swept string     // the directory whose left-over temporaries were removed last
	last  *directory // the one that was written to last; nil = none yet
}

// Open opens the tree.
func Open(o Options) (*Source, error) {
	where, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, fmt.Errorf("the directory %s: %w", o.Root, err)
	}
	root, err := os.OpenRoot(where)
	if err != nil {
		return nil, fmt.Errorf("open the directory of the batch's files: %w", err)
	}
	if o.Patience == 0 {
		o.Patience = patience
	}
	return &Source{root: root, where: where, o: o}, nil
}

// Place implements source.Source.
func (s *Source) Place() string { return "file://" + filepath.ToSlash(s.where) }

// Close implements source.Source.
func (s *Source) Close() error {
	s.remember(nil)
	return s.root.Close()
}

// Open implements source.Source. It refuses what is no regular file, and a path through a symbolic link.
func (s *Source) Open(_ context.Context, object string) (source.Handle, error) {
	name, err := rawName(object)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, source.ErrRefused)
	}
	if err := s.straight(name); err != nil {
		return nil, err
	}
	f, info, writable, err := s.open(name)
	if err != nil {
		return nil, s.failure("open", name, err)
	}
	h := &handle{of: s, name: name, file: f, info: info}
	if err := h.look(); err != nil {
		f.Close()
		return nil, s.failure("open", name, err)
	}
	if writable && !durable.ManyNames(durable.Links(info)) {
		return &inPlace{handle: h}, nil
	}
	return h, nil
}

// open opens for writing where that is allowed: one that may be read only can still be replaced, where its directory allows it.
func (s *Source) open(name string) (f *os.File, info fs.FileInfo, writable bool, err error) {
	f, info, err = durable.OpenRegular(s.root, name, os.O_RDWR)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, durable.ErrIrregular) {
		return f, info, true, err
	}
	f, info, err = durable.OpenRegular(s.root, name, os.O_RDONLY)
	return f, info, false, err
}

// straight refuses names that are another's, and those that lead through a symbolic link.
func (s *Source) straight(name string) error {
	if name == "" || name == "." || path.Clean(name) != name || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") {
		return fmt.Errorf("%q is no name of a file below %s: %w", name, s.where, source.ErrRefused)
	}
	for i, c := range name {
		if c != '/' {
			continue
		}
		info, err := s.root.Lstat(name[:i])
		if err != nil {
			return s.failure("open", name, err)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("open %s: %s is a symbolic link, which is not followed: %w", s.path(name), s.path(name[:i]), source.ErrRefused)
		}
	}
	return nil
}

// path is a file's path for messages; bytes that are no text are shown as \xHH.
func (s *Source) path(name string) string {
	return shown(filepath.Join(s.where, filepath.FromSlash(name)))
}

// failure says what was tried on which file, and which of the source's errors that is.
func (s *Source) failure(what, name string, err error) error {
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist), notDir(err):
		return fmt.Errorf("%s %s: %w", what, s.path(name), source.ErrGone)
	case errors.Is(err, durable.ErrIrregular):
		return fmt.Errorf("%s %s: it is not a regular file: %w", what, s.path(name), source.ErrRefused)
	case errors.As(err, &at):
		err = at.Err
	}
	return fmt.Errorf("%s %s: %w", what, s.path(name), err)
}

// shown quotes what a terminal would not show as it is.
func shown(p string) string {
	if quoted := fmt.Sprintf("%q", p); strings.Contains(quoted, `\x`) || strings.Contains(quoted, `\u`) {
		return quoted[1 : len(quoted)-1]
	}
	return p
}

var _ source.Source = (*Source)(nil)
