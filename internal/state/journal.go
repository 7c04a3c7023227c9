package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Journal makes calls durable before they are made, over a store's Tx. Its methods are safe for
// concurrent use; appends that arrive together share one write.
type Journal struct {
	tx      Tx
	writer  string
	lineage string          // under which a stack that has no state yet is born
	ctx     context.Context // of Open, without its cancellation: what was done is recorded whatever happens

	writing chan struct{} // holds one token while a batch is written
	took    time.Duration // the last write, for whoever writes

	mu      sync.Mutex
	next    *batch  // gathers appends while another batch is written
	noted   []Entry // that the next write takes along
	workers int     // between Enter and what it returned
	broken  error   // the first failure: nothing is appended after it
}

// Open begins a transaction and returns its journal with what is known: the stored state with everything
// that an interrupted run left folded in. Nothing is written before the first Append. The caller holds the store's lock.
func Open(ctx context.Context, s Store, writer string) (*Journal, Position, error) {
	tx, err := begin(ctx, s)
	if err != nil {
		return nil, Position{}, err
	}
	j := newJournal(ctx, tx, writer)
	at, err := j.Position()
	if err != nil {
		return nil, Position{}, errors.Join(err, tx.Abandon())
	}
	return j, at, nil
}

// begin begins with a journal that the state does not hold yet. Where a commit died after it had stored the state, what it
// left to do is done first: an entry behind those that are folded would never reach the state.
func begin(ctx context.Context, s Store) (Tx, error) {
	tx, err := s.Begin(ctx)
	if err != nil {
		return nil, err
	}
	st, _ := tx.Base()
	entries := tx.Entries()
	if !folded(st, entries) || safety.Off(safety.JournalEnds) {
		return tx, nil
	}
	carried, err := unfolded(st, entries)
	if err != nil {
		return nil, errors.Join(err, tx.Abandon())
	}
	if _, err := tx.Commit(ctx, nil, carried); err != nil {
		return nil, fmt.Errorf("ending the journal of an interrupted run, which the state holds: %w", err)
	}
	return s.Begin(ctx)
}

// folded reports whether a state holds what a journal says.
func folded(st State, entries []Entry) bool {
	h := headerOf(entries)
	return h != nil && st.Journal == h.ID
}

// unfolded is what a journal says beyond a state: all of it, or, once it is folded, which calls are open.
func unfolded(st State, entries []Entry) ([]Entry, error) {
	if !folded(st, entries) {
		return entries, nil
	}
	_, open, err := Fold(st, entries)
	return carry(st, open), err
}

// carry begins the journal behind a state with the calls that are still open.
func carry(st State, open []Intent) []Entry {
	if len(open) == 0 || safety.Off(safety.JournalCarries) {
		return nil
	}
	entries := []Entry{openEntry(st.Lineage, st.Serial)}
	for _, in := range open {
		entries = append(entries, Begin(in))
	}
	return entries
}

func newJournal(ctx context.Context, tx Tx, writer string) *Journal {
	st, _ := tx.Base()
	return &Journal{tx: tx, writer: writer, lineage: st.Lineage, writing: make(chan struct{}, 1), ctx: context.WithoutCancel(ctx)}
}

// Born sets the lineage of a stack that has no state yet.
func (j *Journal) Born(lineage string) { j.lineage = lineage }

// Append makes entries durable before it returns. After a failure the journal stays broken: what
// it could not promise once, it promises to nobody.
func (j *Journal) Append(entries ...Entry) error {
	if err := complete(entries); err != nil {
		return err
	}
	b, leader := j.join(entries)
	if leader {
		j.flush(b)
	}
	<-b.done
	return b.err
}

// Note leaves entries to the next write, which is made by whoever appends next: what the caller appends later is
// behind them, and Commit writes what is left. Until then a crash loses them.
func (j *Journal) Note(entries ...Entry) error {
	if err := complete(entries); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.noted = append(j.noted, entries...)
	return j.broken
}

func complete(entries []Entry) error {
	for _, e := range entries {
		if !e.valid() || e.Op == OpOpen {
			return fmt.Errorf("journal entry %q is incomplete", e.Op)
		}
	}
	return nil
}

// Err returns the failure that broke the journal, or nil. Nothing may be called any
// more once it is not nil.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.broken
}

// write appends a batch; the first one begins with the header, so that a journal that cannot begin takes no line.
func (j *Journal) write(entries []Entry) error {
	if headerOf(j.tx.Entries()) == nil {
		st, _ := j.tx.Base()
		entries = slices.Insert(entries, 0, openEntry(j.lineage, st.Serial))
	}
	err := j.tx.Append(j.ctx, entries...)
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.broken = fmt.Errorf("nothing more is recorded after a failure: %w", err)
	}
	return err
}

func openEntry(lineage string, base uint64) Entry {
	return Entry{Op: OpOpen, Header: &Header{Format: JournalFormat, ID: uuid.Must(uuid.NewV7()).String(), Lineage: lineage, Base: base}}
}

// Commit folds the journal into the state it continues, stores the result if it says anything new, and carries
// calls that are still open over to the next journal. It ends the journal, on an error too; the store still holds
// everything then.
func (j *Journal) Commit(ctx context.Context) (Position, error) {
	defer j.alone()()
	if left := j.left(); len(left) > 0 && !safety.Off(safety.JournalNotes) {
		if err := j.write(left); err != nil {
			at, _ := j.position()
			return at, errors.Join(err, j.tx.Abandon())
		}
	}
	at, err := j.position()
	entries := j.tx.Entries()
	if err != nil || len(entries) == 0 {
		return at, errors.Join(err, j.tx.Abandon())
	}
	base, _ := j.tx.Base()
	changed := at.State.Serial != base.Serial
	carried := carry(at.State, at.Open)
	if !changed && len(carried) == len(entries) && entries[0].Header.Base == base.Serial {
		return at, j.tx.Abandon() // it already holds the open calls and nothing else
	}
	next := &at.State
	if !changed {
		next = nil
	}
	if at.Version, err = j.tx.Commit(ctx, next, carried); err != nil {
		return at, fmt.Errorf("storing the state; the journal still holds what was done and the next run folds it in: %w", err)
	}
	return at, nil
}

// Abandon lets the store go; what was appended stays in its journal.
func (j *Journal) Abandon() error { return j.tx.Abandon() }
