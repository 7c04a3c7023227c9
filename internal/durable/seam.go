package durable

import "errors"

// Op is one step on the disk, before it is taken.
type Op struct {
	Kind   Kind
	Dir    string // the directory's path
	Name   string // of the file in it, as far as it has one
	To     string // Link, Rename: the new name in the same directory
	File   *File  // Create, Write, Sync, Truncate: which open file
	Offset int64  // Write, Truncate
	Data   []byte // Write; valid during the call only
}

// Kind is what a step does.
type Kind string

// The steps.
const (
	Create   Kind = "create"   // a file appears; without a name when Name is empty
	Write    Kind = "write"    // bytes of an open file
	Truncate Kind = "truncate" // an open file is cut to Offset bytes
	Sync     Kind = "sync"     // an open file's content is on disk
	Link     Kind = "link"     // a file gets a name that was free
	Rename   Kind = "rename"   // a name passes to another file
	Remove   Kind = "remove"   // a name goes
	Mkdir    Kind = "mkdir"    // a directory appears
	SyncDir  Kind = "syncdir"  // the directory's names are on disk
	Lock     Kind = "lock"     // the advisory lock of an open file
)

// Seam is asked before every step; the error it returns takes the step's place. A nil Seam is none.
// It may be called from several goroutines at once.
type Seam func(Op) error

// ErrSkip is returned by a Seam to leave a Sync, SyncDir or Lock out and let the caller believe that it was
// taken: a test takes a safety away with it. Other steps are taken.
var ErrSkip = errors.New("the step is left out")

// step takes a step unless the seam fails it or leaves it out.
func (s Seam) step(op Op, take func() error) error {
	if s == nil {
		s = fromEnvironment
	}
	switch err := s(op); {
	case err == ErrSkip && (op.Kind == Sync || op.Kind == SyncDir || op.Kind == Lock):
		return nil
	case err != nil && err != ErrSkip:
		return err
	}
	return take()
}
