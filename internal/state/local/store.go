package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/failpoint"
)

// Store is a state in a file. It implements state.Store.
type Store struct {
	path   string
	opts   Options
	author *state.Author
	last   *lastRead
}

// Options are what a store depends on besides its path, and the seams of tests. The zero value is at work too.
type Options struct {
	Fail failpoint.Hook   // called at every instant that a crash test names
	Disk durable.Seam     // asked before every step on the disk
	Now  func() time.Time // nil = time.Now
}

// Every file of a state is its owner's alone, whatever the umask says.
const (
	fileMode = 0o600
	dirMode  = 0o700
)

// maxState bounds a state that is read.
const maxState = 1 << 30

// Open opens the store at path; nothing is read or created yet. A path that is
// a symbolic link means the file it points to, with its companions beside that file: two names for one
// state share one lock.
func Open(path string, opts Options) (*Store, error) {
	resolved, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("the state path %s: %w", path, err)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Store{path: resolved, opts: opts, author: new(state.Author), last: new(lastRead)}, nil
}

func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, nil
	case err != nil:
		return "", err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			return "", fmt.Errorf("it is a symbolic link to nowhere; create its target or remove it: %w", err)
		}
		return target, nil
	case !info.Mode().IsRegular():
		return "", errors.New("it is not a regular file; name a file")
	}
	return path, nil
}

// Path is the state file, links resolved.
func (l *Store) Path() string { return l.path }

func (l *Store) name() string        { return filepath.Base(l.path) }
func (l *Store) journalName() string { return l.name() + ".journal" }
func (l *Store) lockName() string    { return l.name() + ".lock" }
func (l *Store) generations() string { return l.path + ".d" }

// dir opens the state's directory.
func (l *Store) dir() (*durable.Dir, error) {
	return durable.Open(filepath.Dir(l.path), l.opts.Disk)
}

// Read implements state.Store. A state that is missing or empty while generations of it
// are kept is damaged, not new: a stack is never silently started over.
func (l *Store) Read(ctx context.Context) (state.State, state.Version, error) {
	if err := ctx.Err(); err != nil {
		return state.State{}, state.Version{}, err
	}
	got, err := l.read()
	return got.state, got.version, err
}

// CompareAndSwap implements state.Store.
func (l *Store) CompareAndSwap(ctx context.Context, old state.Version, next state.State) (state.Version, error) {
	return l.swap(ctx, old, next, true)
}

// Replace implements state.Store.
func (l *Store) Replace(ctx context.Context, old state.Version, next state.State) (state.Version, error) {
	return l.swap(ctx, old, next, false)
}

// Generation implements state.Store.
func (l *Store) Generation(ctx context.Context, serial uint64) (state.State, error) {
	if err := ctx.Err(); err != nil {
		return state.State{}, err
	}
	g, err := l.wholeGeneration(func(s uint64) bool { return s == serial })
	if err == nil && g.isZero() {
		err = fmt.Errorf("%w: serial %d", state.ErrNoGeneration, serial)
	}
	return g.state, err
}
