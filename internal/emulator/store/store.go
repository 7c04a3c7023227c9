package store

import (
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"go.etcd.io/bbolt"
)

// ErrClosed is returned by an Update after Close.
var ErrClosed = errors.New("the emulator's store is closed")

// Options say where the model lives.
type Options struct {
	Path        string        // data directory; created with mode 0700 when absent
	Memory      bool          // keep nothing on disk; Path is ignored
	LockTimeout time.Duration // how long to wait for another process to leave; 0 = do not wait
	Waiting     func(error)   // is told once of a *LockedError that is waited for; may be nil
}

// DB is the model. Safe for concurrent use.
type DB struct {
	dir      string
	disk     *bbolt.DB // nil in memory mode
	seal     sealer
	lock     *flock.Flock
	root     atomic.Pointer[tree]
	version  atomic.Uint64
	seed     maphash.Seed
	queue    queue
	writing  sync.Mutex // held while the model is replaced
	closed   bool       // guarded by writing
	attached []attacher // guarded by writing
	saved    map[string]*tree
	history  history

	of     *DB               // see Full
	refuse func(error) error // set on a model that takes no change; turns an Update's outcome into its refusal
}

// attacher is a table of any type.
type attacher interface {
	Name() string
	attach(root *tree, bind func(string, *entry)) error
}

// Open opens or creates the model. Exactly one process at a time holds a data
// directory; a second gets a *LockedError after LockTimeout.
func Open(o Options) (*DB, error) {
	db := &DB{seed: maphash.MakeSeed(), saved: map[string]*tree{}}
	if o.Memory {
		return db, nil
	}
	if o.Path == "" {
		return nil, errors.New("open the emulator's store: no data directory given")
	}
	db.dir = o.Path
	if err := prepareDir(o.Path); err != nil {
		return nil, fmt.Errorf("prepare the emulator's data directory: %w", err)
	}
	lock, err := acquire(o.Path, o.LockTimeout, o.Waiting)
	if err != nil {
		return nil, err
	}
	db.lock = lock
	if err := db.openDisk(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// prepareDir makes the directory and closes it to others, unless it is somebody
// else's: one that held other files before the emulator came keeps its mode.
func prepareDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, rootKeyFile)); err != nil && len(names) > 0 {
		return nil
	}
	return os.Chmod(dir, 0o700)
}

// Memory tells whether nothing is kept on disk.
func (db *DB) Memory() bool { return db.disk == nil }

// Attach makes the tables usable: it decodes their records and builds their
// indexes. Records of tables that are never attached are kept as they are.
func (db *DB) Attach(tables ...attacher) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	root, err := db.root.Load().attach(db.seed, tables)
	if err != nil {
		return fmt.Errorf("the emulator's data in %s cannot be read by this version: %w", db.place(), err)
	}
	db.attached = append(db.attached, tables...)
	db.show(root)
	return nil
}

func (db *DB) place() string {
	if db.dir == "" {
		return "memory"
	}
	return db.dir
}

// Version changes with every change of the model. Read before a View, it bounds
// the age of what the View sees: an unchanged version means an unchanged model.
func (db *DB) Version() uint64 { return db.version.Load() }

// show makes a new model the present one.
func (db *DB) show(root *tree) {
	db.root.Store(root)
	db.version.Add(1)
	db.history.add(root)
}

// Close waits for the running commit and releases the directory.
func (db *DB) Close() error {
	db.writing.Lock()
	defer db.writing.Unlock()
	if db.closed {
		return nil
	}
	db.closed = true
	var errs []error
	if db.disk != nil {
		errs = append(errs, db.disk.Close())
	}
	if db.lock != nil {
		errs = append(errs, db.lock.Unlock())
	}
	return errors.Join(errs...)
}
