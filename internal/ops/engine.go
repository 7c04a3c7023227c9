package ops

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"time"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Engine encrypts and decrypts files. It is safe for concurrent use, and remembers
// data keys for as long as it lives: make one for each run.
type Engine struct {
	keys    Keyring
	now     func() time.Time
	unwrap  *unwrapper
	scopes  *scopes
	rewraps *rewraps
	extra   []envelope.Identity // break-glass identities, tried after KMS
	workers int
}

// Options configure an Engine.
type Options struct {
	Keyring    Keyring
	Now        func() time.Time
	Identities []envelope.Identity // for example age identities, for break-glass
	Workers    int                 // cores for one large file; 0 = all
}

// New makes an engine.
func New(o Options) *Engine {
	workers := o.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Engine{
		keys: o.Keyring, now: o.Now, unwrap: newUnwrapper(o.Keyring), scopes: newScopes(o.Now),
		rewraps: &rewraps{known: map[[32]byte]*rewrapped{}}, extra: o.Identities, workers: workers,
	}
}

// Calls is how many KMS calls the engine has made: data keys made and opened.
func (e *Engine) Calls() int {
	e.scopes.mu.Lock()
	made := e.scopes.calls
	e.scopes.mu.Unlock()
	e.unwrap.mu.Lock()
	defer e.unwrap.mu.Unlock()
	return made + e.unwrap.calls
}

// identities are what opens an envelope of that suite.
func (e *Engine) identities(suite envelope.Suite) []envelope.Identity {
	return append([]envelope.Identity{e.unwrap.identity(suite)}, e.extra...)
}

// Progress is told how much of a file is done, from the goroutine that works on it.
type Progress func(done, total int64)

// place is a file below a directory that walks cannot leave.
type place struct {
	root *os.Root
	name string // slash-separated, relative to root
}

// at opens the directory a path is in; the path itself is the last element.
func at(p string) (place, error) {
	dir, name := filepath.Split(filepath.Clean(p))
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return place{}, fmt.Errorf("open the directory of %s: %w", p, err)
	}
	return place{root, name}, nil
}

// atNew is at for a file that will be written: its directory is made if it is missing.
func atNew(p string) (place, error) {
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(p)), 0o755); err != nil {
		return place{}, fmt.Errorf("make the directory of %s: %w", p, err)
	}
	return at(p)
}

func (p place) close() { p.root.Close() }

// dir is the directory part, for data-key scopes.
func (p place) full() string { return path.Join(filepath.ToSlash(p.root.Name()), p.name) }

// sameFile reports whether both places are one file, by any name.
func sameFile(a, b place) bool {
	ai, aerr := a.root.Lstat(a.name)
	bi, berr := b.root.Lstat(b.name)
	if aerr == nil && berr == nil {
		return os.SameFile(ai, bi)
	}
	return filepath.Clean(a.full()) == filepath.Clean(b.full())
}

// Envelope is what a file command did or found: one line of a report, one entry of
// the census.
type Envelope struct {
	Path       string
	KeyARN     string // or the key id
	KeyVersion string
	Suite      envelope.Suite
	Context    envelope.Context
	Commitment [32]byte
	Generation uint64
	Plaintext  int64    // bytes
	Sealed     int64    // bytes
	Source     [32]byte // SHA-256 of the plaintext; zero where it was not read
}

// describe fills what a header says.
func describe(path string, h *envelope.Header) Envelope {
	e := Envelope{Path: path, Suite: h.Suite, Context: h.Context, Commitment: h.Commitment, Generation: h.Generation}
	if k := h.KMSStanzas(); len(k) > 0 {
		e.KeyARN, e.KeyVersion = k[0].KeyARN, k[0].KeyVersionID
	}
	return e
}

// deadline bounds one KMS call made for a file.
const callDeadline = 60 * time.Second

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callDeadline)
}
