package queue

import (
	"context"
	"errors"
	"iter"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// What a caller decides on.
var (
	// ErrNone says that no batch of that address is kept.
	ErrNone = errors.New("there is no such batch")
	// ErrUnfinished says that a batch of that address is kept and not over.
	ErrUnfinished = errors.New("an unfinished batch of this address is there")
	// ErrOver says that the batch is done or cancelled.
	ErrOver = errors.New("the batch is over")
)

// Queue keeps batches. It is safe for concurrent use, by several processes at once.
type Queue interface {
	// Place says where, for people: a directory, postgres://host/database. It holds no credentials.
	Place() string
	// Create keeps a new batch, paused, with the entries of its chunks; all of it or nothing. ErrUnfinished.
	Create(ctx context.Context, spec batch.Spec, chunks iter.Seq2[Part, error]) error
	// Record is the last batch of an address. ErrNone.
	Record(ctx context.Context, address string) (batch.Record, error)
	// Records are the last batch of every address, by address.
	Records(ctx context.Context) ([]batch.Record, error)
	// Change pauses, resumes or cancels, and sets the rate. ErrNone, ErrOver.
	Change(ctx context.Context, address string, c Change) (batch.Record, error)
	// Failures are the objects that failed, by chunk.
	Failures(ctx context.Context, address string, each func(batch.Failure) error) error
	// Steps are the last steps of all chunks that were begun, by chunk, without their failures.
	Steps(ctx context.Context, address string, each func(batch.Step) error) error
	// Entries are those of one chunk of the last batch of an address, for its report and for trying again what failed.
	Entries(ctx context.Context, address string, chunk int) ([]batch.Entry, error)
	// Work delivers chunks of running batches until ctx ends, or, once, until no batch that it can work on has a chunk
	// left: then it returns. Deliveries that were begun end before it returns. A batch that fails everywhere is paused, with
	// the reason (PauseStuck), and one of which more objects failed than its specification allows (Spec.TooMany); whoever resumes it
	// allows as many anew.
	Work(ctx context.Context, w Worker) error
	// Bucket is the bucket of one gateway's quota group that all workers of the queue share.
	Bucket(gateway, group string) quota.Bucket
	Close() error
}

// Part is a chunk with its entries.
type Part struct {
	batch.Chunk
	Entries []batch.Entry
}

// Change is a change of a batch. Fields that are zero stay.
type Change struct {
	Status batch.Status
	Reason string // who does it, or why
	Rate   *batch.Rate
}

// Worker works on deliveries.
type Worker struct {
	Name string // host and process
	// Parallel is how many chunks are worked on at once.
	Parallel int
	// Address is the batch to work on; "" = all of them.
	Address string
	// Once ends the work when nothing is left of it.
	Once bool
	// Do works on one chunk. The chunk comes again after an error, and after the worker dies. Its context ends with that of
	// Work: it may finish its step then, and records it, and returns.
	Do func(ctx context.Context, d Delivery) error
	// Paused is told of a batch that this worker paused because it fails everywhere (PauseStuck); nil = nobody is.
	Paused func(address string, err error)
}

// Delivery is one chunk, given to one worker.
type Delivery interface {
	Spec() batch.Spec
	Chunk() batch.Chunk
	Entries(ctx context.Context) ([]batch.Entry, error)
	// Last is the chunk's last step, of an earlier attempt; its Attempt is this delivery's.
	Last() batch.Step
	// Record records a step on stable storage and says what the batch is doing now: a worker stops where it is not
	// Running. ErrStale where a later attempt has recorded one.
	Record(ctx context.Context, s batch.Step) (batch.Status, error)
}

// Together is a Delivery of a queue that keeps its batches in a database that objects may be rows of.
type Together interface {
	// Together runs do with a context that carries a transaction of that database (package state/pg/connect). Steps that are
	// recorded with the context, and rows that are written with it, are there when do ends without an error, and only then:
	// a chunk is done and written, or neither. One goroutine at a time uses the context.
	Together(ctx context.Context, do func(ctx context.Context) error) error
}

// ErrStale says that the chunk was given to another worker since, which has begun.
var ErrStale = errors.New("the chunk is another worker's by now")
