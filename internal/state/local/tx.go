package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// maxJournal bounds a journal that is read: far above any real apply, far below what would exhaust a machine.
const maxJournal = 1 << 30

// tx is a state.Tx: the journal's file, held by this process. While calls are durable in it, it is what its
// name stands for; once it is not, another writer took over.
type tx struct {
	store   *Store
	base    document
	dir     *durable.Dir
	file    *durable.File // nil until there is something to write
	durable int64         // bytes known to be on disk
	entries []state.Entry
}

// ReadJournal implements state.Store.
func (l *Store) ReadJournal(ctx context.Context) ([]state.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dir, err := l.dir()
	if err == nil {
		defer dir.Close()
		var data []byte
		if data, err = dir.ReadFile(l.journalName(), maxJournal); err == nil {
			entries, _, err := parseJournal(l.journalPath(), data)
			return entries, err
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, fmt.Errorf("reading the journal: %w", err)
}

func (l *Store) journalPath() string { return l.path + ".journal" }

// Begin implements state.Store. What a crash tore off at the journal's end is cut away.
func (l *Store) Begin(ctx context.Context) (_ state.Tx, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dir, err := durable.Make(filepath.Dir(l.path), dirMode, l.opts.Disk)
	if err != nil {
		return nil, l.unwritable(err)
	}
	t := &tx{store: l, dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Abandon())
		}
	}()
	if err := t.attach(); err != nil {
		return nil, err
	}
	if t.base, err = l.read(); err != nil {
		return nil, err
	}
	return t, t.takeOver()
}

// attach opens the journal that is there, if any.
func (t *tx) attach() (err error) {
	t.file, err = t.dir.Hold(t.store.journalName(), os.O_RDWR)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, durable.ErrHeld):
		return fmt.Errorf("%w: another kmsplan process is still writing %s; wait for it to end, or end it", state.ErrJournalBusy, t.store.journalPath())
	case err != nil:
		return fmt.Errorf("opening the journal: %w", err)
	}
	t.entries, t.durable, err = t.load()
	return err
}

func (t *tx) load() ([]state.Entry, int64, error) {
	if _, err := t.file.Seek(0, 0); err != nil {
		return nil, 0, err
	}
	data, err := t.file.ReadAll(maxJournal)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the journal: %w", err)
	}
	return parseJournal(t.store.journalPath(), data)
}

// takeOver exchanges a journal that was found for a new file of another id with the same entries, so that a
// writer who still has the old one open notices before it calls anything, and so that what it may yet store is not
// taken for what is stored from here. Entries that it appended in the last moment are taken along.
func (t *tx) takeOver() error {
	if t.file == nil {
		return nil
	}
	if len(t.entries) == 0 || runtime.GOOS == "windows" { // an open file cannot be replaced there, and its locks hold
		return t.cut()
	}
	old := t.file
	entries := t.entries
	if t.base.state.Journal != entries[0].Header.ID {
		h := *entries[0].Header
		h.ID, h.Format = uuid.Must(uuid.NewV7()).String(), state.JournalFormat
		entries = slices.Clone(entries)
		entries[0].Header = &h
	}
	if err := t.rewrite(entries); err != nil {
		return fmt.Errorf("taking the journal over: %w", err)
	}
	late := &tx{store: t.store, file: old}
	after, _, err := late.load()
	if err == nil && len(after) > len(entries) {
		err = t.append(after[len(entries):])
	}
	return errors.Join(err, old.Close())
}

// rewrite puts a journal with these entries in place of the one there is, held by us before anybody sees it. The
// file held before stays open.
func (t *tx) rewrite(entries []state.Entry) error {
	buf, err := encodeFile(entries)
	if err != nil {
		return err
	}
	p, err := t.dir.Create(t.store.journalName(), fileMode)
	if err != nil {
		return err
	}
	defer p.Abort()
	if _, err := p.Write(buf); err != nil {
		return err
	}
	t.store.opts.Fail.Hit("journal.renewed")
	file := p.Keep()
	if err := p.Commit(); err != nil {
		return errors.Join(err, file.Close())
	}
	t.store.opts.Fail.Hit("journal.renamed")
	t.file, t.entries, t.durable = file, slices.Clip(entries), int64(len(buf))
	return nil
}

// errOver says that a transaction was used after its end.
var errOver = errors.New("the journal was already closed; this is a defect of kmsplan")

// Base implements state.Tx.
func (t *tx) Base() (state.State, state.Version) { return t.base.state, t.base.version }

// Entries implements state.Tx.
func (t *tx) Entries() []state.Entry { return slices.Clip(t.entries) }

// Append implements state.Tx.
func (t *tx) Append(ctx context.Context, entries ...state.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case t.dir == nil:
		return errOver
	case t.file == nil:
		return t.create(entries)
	}
	return t.append(entries)
}

// create makes the journal with its first lines, in one piece: one that cannot be made holds none. Exclusive
// creation decides between two processes; whoever is late leaves the other's file alone.
func (t *tx) create(entries []state.Entry) error {
	buf, err := encodeFile(entries)
	if err != nil {
		return err
	}
	t.store.opts.Fail.Hit("journal.append")
	p, err := t.dir.Create(t.store.journalName(), fileMode)
	if err != nil {
		return fmt.Errorf("creating the journal: %w", err)
	}
	defer p.Abort()
	if _, err := p.Write(buf); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	t.store.opts.Fail.Hit("journal.written")
	file := p.Keep()
	if err = p.CommitNew(); errors.Is(err, errors.ErrUnsupported) {
		_ = file.Close()
		file, err = t.createUnlinked(buf)
	}
	if err != nil {
		return t.uncreate(file, err)
	}
	t.file, t.entries, t.durable = file, slices.Clone(entries), int64(len(buf))
	t.store.opts.Fail.Hit("journal.synced")
	return nil
}

// uncreate takes back a journal that could not be made durable.
func (t *tx) uncreate(file *durable.File, err error) error {
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w: another kmsplan process has just created %s; wait for it to end", state.ErrJournalBusy, t.store.journalPath())
	}
	if file == nil {
		return err
	}
	if file.Named() {
		err = errors.Join(err, t.dir.Remove(t.store.journalName()))
	}
	_ = file.Close()
	return fmt.Errorf("creating the journal: %w", err)
}

// createUnlinked is for file systems where files cannot have two names.
func (t *tx) createUnlinked(buf []byte) (*durable.File, error) {
	file, err := t.dir.CreateNew(t.store.journalName(), fileMode)
	if err != nil {
		return file, err
	}
	_, err = file.WriteAt(buf, 0)
	return file, errors.Join(err, file.TryLock(), file.Sync(), t.dir.Sync())
}

// append writes lines behind those there are. The name is looked at after the sync: an entry counts as durable
// only in a journal that the next process will find.
func (t *tx) append(entries []state.Entry) error {
	buf, err := encodeLines(t.durable, entries)
	if err != nil {
		return err
	}
	t.store.opts.Fail.Hit("journal.append")
	if _, err := t.file.WriteAt(buf, t.durable); err != nil {
		return fmt.Errorf("writing the journal %s: %w", t.store.journalPath(), errors.Join(err, t.cut()))
	}
	t.store.opts.Fail.Hit("journal.written")
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("syncing the journal %s: %w", t.store.journalPath(), errors.Join(err, t.cut()))
	}
	if !t.file.Named() && !safety.Off(safety.LocalFence) {
		return &state.FencedError{Path: t.store.journalPath()}
	}
	t.durable += int64(len(buf))
	t.entries = append(t.entries, entries...) // what Entries gave away ends before it
	t.store.opts.Fail.Hit("journal.synced")
	return nil
}

// cut takes lines away that could not be made durable.
func (t *tx) cut() error { return t.file.Truncate(t.durable) }

// Commit implements state.Tx.
func (t *tx) Commit(ctx context.Context, next *state.State, carried []state.Entry) (v state.Version, err error) {
	defer func() { err = errors.Join(err, t.Abandon()) }()
	v = t.base.version
	if t.dir == nil {
		return v, errOver
	}
	if t.file != nil && !t.file.Named() {
		return v, &state.FencedError{Path: t.store.journalPath()}
	}
	if next != nil {
		if v, err = t.store.CompareAndSwap(ctx, t.base.version, *next); err != nil {
			return t.base.version, err
		}
	}
	t.store.opts.Fail.Hit("commit.stored")
	if err := t.renew(carried); err != nil {
		return v, fmt.Errorf("ending the journal, whose state is stored: %w", err)
	}
	return v, nil
}

// renew ends the journal: calls that are carried over go into a fresh one, and without any the file is removed.
func (t *tx) renew(carried []state.Entry) error {
	if len(carried) > 0 {
		old := t.file
		if err := t.rewrite(carried); err != nil || old == nil {
			return err
		}
		return old.Close()
	}
	if t.file == nil {
		return nil
	}
	if err := t.dir.Remove(t.store.journalName()); err != nil {
		return err
	}
	t.store.opts.Fail.Hit("journal.removed")
	return nil
}

// Abandon implements state.Tx. Nothing is lost: every append was durable when it returned.
func (t *tx) Abandon() error {
	var err error
	if t.file != nil {
		err = t.file.Close()
	}
	if t.dir != nil {
		err = errors.Join(err, t.dir.Close())
	}
	t.file, t.dir = nil, nil
	return err
}
