package source

import (
	"context"
	"errors"
	"io"
	"time"
)

// What a caller decides on. Every other error is the store's, and may pass.
var (
	// ErrGone says that there is no such object, or no more.
	ErrGone = errors.New("the object is gone")
	// ErrChanged says that the object is not what was opened: another wrote it, and nothing was written over it.
	ErrChanged = errors.New("the object was changed by another")
	// ErrRefused says that the store takes no such write of this object, now or ever (a retention rule, a link, a size).
	ErrRefused = errors.New("the object cannot be rewritten")
)

// Object is one object as a listing tells of it.
type Object struct {
	Name     string    // unique in the source: a path below the root, an object's key, a row's primary key as text
	Size     int64     // bytes; -1 = the listing does not tell
	Modified time.Time // zero = the listing does not tell
	Revision string    // tells one content of the object from another; "" = the listing does not tell
}

// Source is where the objects of a batch are. It is safe for concurrent use.
type Source interface {
	// Place says where, for people and for the digest of a plan: s3://bucket/prefix. It holds no credentials.
	Place() string
	// Probe measures that the store honours what a rewrite relies on, with objects of its own that it takes away again, and
	// refuses a store that does not. It is called before a batch that writes is created.
	Probe(ctx context.Context) error
	// List tells of the objects after the one of that name, in the source's own order, which is always the same. It stops
	// with the error that each returns.
	List(ctx context.Context, after string, each func(Object) error) error
	// Open opens an object at the revision it has now. ErrGone.
	Open(ctx context.Context, name string) (Handle, error)
	Close() error
}

// Handle is one revision of an object. It is used by one goroutine at a time.
type Handle interface {
	// ReadAt reads of this revision only: ErrChanged where the object is another by now. Small objects are read once.
	io.ReaderAt
	Object() Object
	// Replace gives the object a new content where it still is at this revision, whole or not at all; ErrChanged,
	// ErrRefused. Metadata, tags, content type, storage class, mode and owner stay. After an answer that was lost it
	// finds out what became of the write before it returns.
	Replace(ctx context.Context, c Content) (Written, error)
	Close() error
}

// Content is what an object becomes: Head, and after it, where Keep is not negative, the object's old bytes from
// Keep on. A store moves the kept bytes by itself where it can.
type Content struct {
	Head io.Reader
	Size int64 // of Head, bytes; -1 = not known
	Keep int64 // offset in the old content; -1 = nothing is kept
}

// Written is what a write was.
type Written struct {
	Revision string
	Sent     int64 // bytes that went to the store
	Copied   int64 // bytes that the store moved by itself
	// Foreign names a version that another wrote in between and that stands no more as the latest one, in stores
	// without conditional writes: it is kept, below this one.
	Foreign string
}

// InPlace is a Handle whose first bytes can be exchanged without the others, each step on stable storage before the next:
// a file of which one name exists.
type InPlace interface {
	Handle
	io.WriterAt
	Sync() error
}

// Tagger is a Source whose objects have tags.
type Tagger interface {
	Tags(ctx context.Context, name string) (map[string]string, error)
}

// Transactional is a Source whose writes can be part of a transaction that a context carries: where a batch's queue keeps
// its chunks in the very database of the source, a chunk's rows and its step are committed together.
type Transactional interface {
	// Joins reports whether what is opened and written with ctx is part of the transaction that it carries (package
	// state/pg/connect): false where it carries none, or one of another database. Then each write stands alone.
	Joins(ctx context.Context) (bool, error)
}

// Advised is a Source that knows of its store what whoever starts a batch should hear, and what stops nothing.
type Advised interface {
	Advice(ctx context.Context) ([]string, error)
}

// Holder is a Source that has more of an object in memory, while it is read and written, than its beginning.
type Holder interface {
	// Holds is how many bytes that may be, of an object of that size.
	Holds(size int64) int64
}
