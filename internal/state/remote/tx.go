package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// mostInline is how much of the journal the head carries, in bytes of JSON; what is older goes to objects, so that
// each append writes a small head however long the run is.
const mostInline = 48 << 10

// ReadJournal implements state.Store.
func (s *Store) ReadJournal(ctx context.Context) ([]state.Entry, error) {
	at, err := s.look(ctx)
	if err != nil {
		return nil, asJournal(err, s.place)
	}
	older, newest, err := s.journalOf(ctx, at.head)
	return slices.Concat(older, newest), err
}

// asJournal says of a head that is no head that the journal is damaged, because it is in it.
func asJournal(err error, place Place) error {
	if errors.Is(err, state.ErrCorrupt) {
		return &state.JournalError{Path: place.String(), Line: 1, Reason: err.Error()}
	}
	return err
}

// journalOf reads the journal: what is in objects, and what is in the head.
func (s *Store) journalOf(ctx context.Context, h head) (older, newest []state.Entry, err error) {
	for _, seg := range h.Segments {
		object, err := s.place.Get(ctx, seg.Object)
		if errors.Is(err, ErrNoObject) || err == nil && digest(object) != seg.Digest && !safety.Off(safety.RemotePart) {
			return nil, nil, &state.JournalError{Path: s.place.String(), Line: len(older) + 1, Reason: "its part " + seg.Object + " is gone or damaged"}
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading the journal: %w", err)
		}
		part, err := s.openEntries(ctx, h, object)
		if err != nil {
			return nil, nil, err
		}
		older = append(older, part...)
	}
	if h.Journal != nil {
		newest, err = s.openEntries(ctx, h, h.Journal)
	}
	return older, newest, err
}

func (s *Store) openEntries(ctx context.Context, h head, sealed []byte) ([]state.Entry, error) {
	plain, err := s.seal.Open(ctx, About{Purpose: PurposeJournal, Lineage: h.Lineage}, sealed)
	if err != nil {
		return nil, fmt.Errorf("opening the journal in %s: %w", s.place, err)
	}
	var entries []state.Entry
	d := json.NewDecoder(bytes.NewReader(plain))
	if err := d.Decode(&entries); err != nil {
		return nil, &state.JournalError{Path: s.place.String(), Line: 1, Reason: err.Error()}
	}
	return entries, nil
}

func (s *Store) sealEntries(ctx context.Context, lineage string, entries []state.Entry) (sealed []byte, size int, err error) {
	if len(entries) == 0 {
		return nil, 0, nil
	}
	plain, err := json.Marshal(entries)
	if err != nil {
		return nil, 0, fmt.Errorf("encoding the journal: %w", err)
	}
	sealed, err = s.seal.Seal(ctx, About{Purpose: PurposeJournal, Lineage: lineage}, plain)
	if err != nil {
		return nil, 0, fmt.Errorf("sealing the journal: %w", err)
	}
	return sealed, len(plain), nil
}

// Begin implements state.Store. It writes the fence, whether or not anything is appended afterwards.
func (s *Store) Begin(ctx context.Context) (state.Tx, error) {
	at, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	t := &tx{s: s}
	fence := func(h *head) error { h.Epoch++; return nil }
	if err := s.update(ctx, &at, fence, func(*head) error { return nil }); err != nil {
		return nil, err
	}
	t.at, t.epoch = at, at.head.Epoch
	if t.st, err = s.stateOf(ctx, at.head.State); err != nil {
		if errors.Is(err, ErrNoObject) {
			err = &state.CorruptError{Path: s.place.String(), Reason: "the object of its state, " + at.head.State.Object + ", is gone"}
		}
		return nil, err
	}
	t.v = at.head.State.version()
	older, newest, err := s.journalOf(ctx, at.head)
	if err != nil {
		return nil, err
	}
	t.entries, t.stored = slices.Concat(older, newest), len(older)
	return t, nil
}

// tx is a state.Tx: the head's epoch says whether it still may write.
type tx struct {
	s  *Store
	st state.State
	v  state.Version

	mu      sync.Mutex
	at      seen
	epoch   uint64
	entries []state.Entry // grows, and what it holds never changes
	stored  int           // of entries, so many are in objects; the others are in the head
	size    int           // of those, when they were sealed last
	over    bool
}

// Base implements state.Tx.
func (t *tx) Base() (state.State, state.Version) { return t.st, t.v }

// Entries implements state.Tx.
func (t *tx) Entries() []state.Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clip(t.entries)
}

// mine reports another writer, who began since.
func (t *tx) mine(h *head) error {
	if h.Epoch != t.epoch && !safety.Off(safety.RemoteFence) {
		return &state.FencedError{Path: "in " + t.s.place.String()}
	}
	return nil
}

var errOver = errors.New("the transaction has ended")

// Append implements state.Tx.
func (t *tx) Append(ctx context.Context, entries ...state.Entry) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.ready(ctx); err != nil {
		return err
	}
	if err := t.spill(ctx); err != nil {
		return err
	}
	all := append(t.entries, entries...)
	lineage := t.lineage(all)
	sealed, size, err := t.s.sealEntries(ctx, lineage, all[t.stored:])
	if err != nil {
		return err
	}
	segments := t.at.head.Segments
	if err := t.s.update(ctx, &t.at, func(h *head) error {
		h.Segments, h.Journal, h.Sum, h.Lineage = segments, sealed, digestOf(sealed), lineage
		return nil
	}, t.mine); err != nil {
		return err
	}
	t.entries, t.size = all, size
	return nil
}

func (t *tx) ready(ctx context.Context) error {
	if t.over {
		return errOver
	}
	return ctx.Err()
}

// lineage is the stack's: of its state, or the one under which its journal lets it be born.
func (t *tx) lineage(entries []state.Entry) string {
	for _, e := range entries {
		if e.Op == state.OpOpen && e.Header != nil {
			return e.Header.Lineage
		}
	}
	return t.st.Lineage
}

// spill moves what the head carries to an object once it is much. The head names it with the next append.
func (t *tx) spill(ctx context.Context) error {
	if t.size <= mostInline {
		return nil
	}
	seg := segment{Object: fmt.Sprintf("journal-%012d-%s", t.epoch, uuid.NewString()), Digest: t.at.head.Sum}
	if err := t.s.place.Put(ctx, seg.Object, t.at.head.Journal); err != nil {
		return fmt.Errorf("storing a part of the journal: %w", err)
	}
	t.at.head.Segments = append(slices.Clip(t.at.head.Segments), seg)
	t.stored, t.size = len(t.entries), 0
	return nil
}

// Commit implements state.Tx: the state, and what the journal then holds, change in one write.
func (t *tx) Commit(ctx context.Context, next *state.State, carried []state.Entry) (state.Version, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.ready(ctx); err != nil {
		return t.v, err
	}
	var ref *stateRef
	if next != nil {
		if err := errors.Join(t.mine(&t.at.head), state.CheckSuccession(t.v, *next, true)); err != nil {
			return t.v, err
		}
		kept, err := t.s.keep(ctx, t.v, *next)
		if err != nil {
			return t.v, err
		}
		ref = &kept
	}
	sealed, _, err := t.s.sealEntries(ctx, t.lineage(t.entries), carried)
	if err != nil {
		return t.v, err
	}
	var unneeded []string
	err = t.s.update(ctx, &t.at, func(h *head) error {
		unneeded = nil
		for _, seg := range h.Segments {
			unneeded = append(unneeded, seg.Object)
		}
		h.Segments, h.Journal, h.Sum = nil, sealed, digestOf(sealed)
		if ref != nil {
			unneeded = append(unneeded, h.become(*ref)...)
		}
		return nil
	}, func(h *head) error {
		if err := t.mine(h); err != nil || ref == nil {
			return err
		}
		return h.precedes(*ref, t.v)
	})
	if err != nil {
		if ref != nil {
			t.s.discard(ctx, &t.at.head, *ref, err)
		}
		return t.v, err
	}
	t.over = true
	t.s.tidy(ctx, unneeded)
	if ref == nil {
		ref = t.at.head.State
	}
	return ref.version(), nil
}

// Remove implements state.Tx: one write, after which the head says nothing but who works, and how often somebody began.
func (t *tx) Remove(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.ready(ctx); err != nil {
		return err
	}
	var unneeded []string
	if err := t.s.update(ctx, &t.at, func(h *head) error {
		unneeded = append(unneeded, h.objects()...)
		*h = head{Epoch: h.Epoch, Lease: h.Lease}
		return nil
	}, func(h *head) error {
		if err := t.mine(h); err != nil && !safety.Off(safety.RemoveFence) || h.empty() { // an answer was lost, and the lease renewed since
			return err
		}
		if safety.Off(safety.RemoveVersion) {
			return nil
		}
		return h.holds(t.v)
	}); err != nil {
		return err
	}
	t.over = true
	t.s.tidy(ctx, unneeded)
	return nil
}

// Abandon implements state.Tx.
func (t *tx) Abandon() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	return nil
}
