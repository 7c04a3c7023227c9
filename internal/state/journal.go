package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gofrs/flock"
	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/state/failpoint"
)

// maxJournal bounds what is read back: far above any real apply, far below what would
// exhaust a machine.
const maxJournal = 1 << 30

// Journal is the append-only file in which calls become durable before they are
// made. One process at a time holds it open, whoever holds the state's lock. Its methods are safe for
// concurrent use; appends that arrive together share one sync.
type Journal struct {
	path string
	fail failpoint.Hook

	writing sync.Mutex // held by the goroutine that writes and syncs a batch
	file    *os.File   // nil until there is something to write
	held    *flock.Flock
	durable int64 // bytes known to be on disk; guarded by writing

	mu      sync.Mutex
	next    *batch // gathers appends while another batch is written
	entries []Entry
	broken  error // first write or sync failure: nothing is appended after it
}

// batch is a group of appends that one sync makes durable.
type batch struct {
	payloads [][]byte
	entries  []Entry
	done     chan struct{}
	err      error
}

// OpenJournal opens the journal at path for this process, or prepares to create
// it; nothing is created before the first Start. What a crash tore off at its end is cut away.
// Errors: ErrJournal when durable entries are damaged, ErrJournalBusy when a living
// process has it open, whatever lock it holds.
func OpenJournal(path string, fail failpoint.Hook) (*Journal, error) {
	j := &Journal{path: path, fail: fail}
	if err := j.attach(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return j, nil
}

func (j *Journal) attach() error {
	held, err := holdFile(j.path)
	if errors.Is(err, errHeld) {
		return fmt.Errorf("%w: another kmsplan process is still writing %s; wait for it to end, or end it", ErrJournalBusy, j.path)
	}
	if err != nil {
		return fmt.Errorf("opening the journal %s: %w", j.path, err)
	}
	file, err := os.OpenFile(j.path, os.O_RDWR|noFollow, 0)
	if err != nil {
		return errors.Join(fmt.Errorf("opening the journal: %w", err), held.Unlock())
	}
	j.file, j.held = file, held
	if err := j.load(); err != nil {
		return errors.Join(err, j.Close())
	}
	return nil
}

func (j *Journal) load() error {
	data, err := readRegular(j.file, maxJournal)
	if err != nil {
		return fmt.Errorf("reading the journal %s: %w", j.path, err)
	}
	entries, length, err := parseJournal(j.path, data)
	if err != nil {
		return err
	}
	if length < int64(len(data)) {
		if err := truncate(j.file, length); err != nil {
			return fmt.Errorf("cutting the torn end of the journal %s: %w", j.path, err)
		}
	}
	j.entries, j.durable = entries, length
	return nil
}

// ReadJournal returns the entries of the journal at path without holding it; none
// when there is no file.
func ReadJournal(path string) ([]Entry, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	defer file.Close()
	data, err := readRegular(file, maxJournal)
	if err != nil {
		return nil, fmt.Errorf("reading the journal %s: %w", path, err)
	}
	entries, _, err := parseJournal(path, data)
	return entries, err
}

// Path is where the journal is.
func (j *Journal) Path() string { return j.path }

// Entries returns everything durable so far, header included, oldest first.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clip(j.entries)
}

// Start makes sure that the journal exists with a header: it continues the state
// of that lineage and serial. A journal that is already there is left as it is. Errors:
// ErrJournalBusy when another process created one meanwhile.
func (j *Journal) Start(lineage string, base uint64) error {
	if headerOf(j.Entries()) != nil {
		return nil
	}
	if j.file == nil {
		if err := j.create(); err != nil {
			return err
		}
	}
	h := newHeader(lineage, base)
	buf, err := encodeEntries([]Entry{{Op: OpOpen, Header: &h}})
	if err != nil {
		return err
	}
	if _, err := j.file.WriteAt(buf, 0); err != nil {
		return fmt.Errorf("writing the journal %s: %w", j.path, err)
	}
	if err := errors.Join(j.file.Sync(), syncDir(filepath.Dir(j.path))); err != nil {
		return fmt.Errorf("syncing the journal %s: %w", j.path, err)
	}
	j.fail.Hit("journal.started")
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries, j.durable = []Entry{{Op: OpOpen, Header: &h}}, int64(len(buf))
	return nil
}

// create makes an empty journal that only we hold. Exclusive creation decides
// between two processes; whoever is late leaves the other's file alone.
func (j *Journal) create() error {
	file, err := createOwn(j.path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: another kmsplan process has just created %s; wait for it to end", ErrJournalBusy, j.path)
	}
	if err != nil {
		return fmt.Errorf("creating the journal: %w", err)
	}
	j.fail.Hit("journal.created")
	held, err := holdFile(j.path)
	if err != nil {
		return errors.Join(fmt.Errorf("%w: locking the new journal %s: %w", ErrJournalBusy, j.path, err), file.Close())
	}
	j.file, j.held = file, held
	return nil
}

func encodeEntries(entries []Entry) ([]byte, error) {
	var buf []byte
	for _, e := range entries {
		payload, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encoding a journal entry: %w", err)
		}
		buf = appendLine(buf, 0, payload)
	}
	return buf, nil
}

func newHeader(lineage string, base uint64) Header {
	return Header{Format: FormatVersion, ID: uuid.Must(uuid.NewV7()).String(), Lineage: lineage, Base: base}
}

// Settle ends the journal after its state was stored with that lineage and
// serial: calls that are still open go into a fresh journal, and without any the file is removed.
// A crash before it is done leaves the old journal, which the state knows by its id.
func (j *Journal) Settle(lineage string, serial uint64, open []Intent) error {
	j.fail.Hit("journal.settle")
	if len(open) > 0 {
		carried := make([]Entry, 0, len(open))
		for _, in := range open {
			carried = append(carried, Begin(in))
		}
		return j.rewrite(newHeader(lineage, serial), carried)
	}
	if err := removeSynced(j.path); err != nil {
		return fmt.Errorf("removing the journal: %w", err)
	}
	j.fail.Hit("journal.removed")
	err := j.Close()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries, j.durable = nil, 0
	return err
}

// rewrite replaces the journal we hold by a fresh one, held by us before anybody can see it.
func (j *Journal) rewrite(h Header, carried []Entry) error {
	entries := append([]Entry{{Op: OpOpen, Header: &h}}, carried...)
	buf, err := encodeEntries(entries)
	if err != nil {
		return err
	}
	temp, err := writeTemp(j.path, buf)
	if err != nil {
		return fmt.Errorf("renewing the journal: %w", err)
	}
	j.fail.Hit("journal.renewed")
	held, err := holdFile(temp)
	if err == nil {
		err = renameSynced(temp, j.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("renewing the journal %s: %w", j.path, err), os.Remove(temp))
	}
	j.fail.Hit("journal.renamed")
	if err := j.Close(); err != nil {
		return err
	}
	file, err := os.OpenFile(j.path, os.O_RDWR|noFollow, 0)
	if err != nil {
		return errors.Join(fmt.Errorf("opening the journal: %w", err), held.Unlock())
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.file, j.held, j.entries, j.durable = file, held, entries, int64(len(buf))
	return nil
}

// Close lets another process open the journal. Nothing is lost: every append was
// durable when it returned.
func (j *Journal) Close() error {
	if j.file == nil {
		return nil
	}
	err := errors.Join(j.file.Close(), j.held.Unlock())
	j.file, j.held = nil, nil
	if err != nil {
		return fmt.Errorf("closing the journal %s: %w", filepath.Base(j.path), err)
	}
	return nil
}
