package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// Options of a Store.
type Options struct {
	Sealer Sealer           // nil = Clear
	Lease  time.Duration    // how long a lock outlives its holder; 0 = 90 s
	Now    func() time.Time // nil = time.Now
}

// Store is a state on a server. It implements state.Store.
type Store struct {
	place  Place
	seal   packed
	lease  time.Duration
	now    func() time.Time
	author state.Author

	mu     sync.Mutex
	cached map[string]cached // the state read last, by its object
	watch  watched
}

type cached struct{ st state.State }

// leaseDefault outlives two renewals that were lost.
const leaseDefault = 90 * time.Second

// New returns the store that lies at a place.
func New(place Place, o Options) *Store {
	if o.Sealer == nil {
		o.Sealer = Clear{}
	}
	if o.Lease == 0 {
		o.Lease = leaseDefault
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{place: place, seal: packed{o.Sealer}, lease: o.Lease, now: o.Now}
}

// Read implements state.Store.
func (s *Store) Read(ctx context.Context) (state.State, state.Version, error) {
	at, err := s.look(ctx)
	if err != nil && !errors.Is(err, state.ErrJournal) {
		return state.State{}, state.Version{}, err
	}
	for {
		st, err := s.stateOf(ctx, at.head.State)
		if !errors.Is(err, ErrNoObject) {
			return st, at.head.State.version(), err
		}
		// It may have been dropped since, because eleven others followed.
		then := at
		if at, err = s.look(ctx); err != nil {
			return state.State{}, state.Version{}, err
		}
		if at.head.State.version() == then.head.State.version() {
			return state.State{}, state.Version{}, &state.CorruptError{Path: s.place.String(), Reason: "the object of its state, " + at.head.State.Object + ", is gone"}
		}
	}
}

// stateOf reads the object of a state. Errors: ErrNoObject, ErrCorrupt.
func (s *Store) stateOf(ctx context.Context, ref *stateRef) (state.State, error) {
	if ref == nil {
		return state.New(), ctx.Err()
	}
	s.mu.Lock()
	known, ok := s.cached[ref.Digest]
	s.mu.Unlock()
	if ok {
		return known.st, ctx.Err()
	}
	object, err := s.place.Get(ctx, ref.Object)
	if err != nil {
		return state.State{}, fmt.Errorf("reading the state: %w", err)
	}
	st, err := s.openState(ctx, *ref, object)
	if err != nil {
		return state.State{}, err
	}
	s.mu.Lock()
	s.cached = map[string]cached{ref.Digest: {st}}
	s.mu.Unlock()
	return st, nil
}

func (s *Store) openState(ctx context.Context, ref stateRef, object []byte) (state.State, error) {
	name := s.place.String() + ", " + ref.Object
	if digest(object) != ref.Digest && !safety.Off(safety.RemoteDigest) {
		return state.State{}, &state.CorruptError{Path: name, Reason: "its checksum does not fit its content"}
	}
	plain, err := s.seal.Open(ctx, About{Purpose: PurposeState, Lineage: ref.Lineage, Serial: ref.Serial}, object)
	if err != nil {
		return state.State{}, fmt.Errorf("opening the state %s: %w", name, err)
	}
	st, err := state.Decode(name, plain)
	if err == nil && (st.Lineage != ref.Lineage || st.Serial != ref.Serial) && !safety.Off(safety.RemoteNames) {
		err = &state.CorruptError{Path: name, Reason: fmt.Sprintf("it holds serial %d of lineage %s, and the head names serial %d of lineage %s",
			st.Serial, st.Lineage, ref.Serial, ref.Lineage), Foreign: true}
	}
	return st, err
}

// Generation implements state.Store.
func (s *Store) Generation(ctx context.Context, serial uint64) (state.State, error) {
	at, err := s.look(ctx)
	if err != nil && !errors.Is(err, state.ErrJournal) {
		return state.State{}, err
	}
	ref, err := at.head.generation(serial)
	if err != nil {
		return state.State{}, err
	}
	return s.stateOf(ctx, &ref)
}

// CompareAndSwap implements state.Store.
func (s *Store) CompareAndSwap(ctx context.Context, old state.Version, next state.State) (state.Version, error) {
	return s.replace(ctx, old, next, true)
}

// Replace implements state.Store.
func (s *Store) Replace(ctx context.Context, old state.Version, next state.State) (state.Version, error) {
	return s.replace(ctx, old, next, false)
}

func (s *Store) replace(ctx context.Context, old state.Version, next state.State, sameLineage bool) (state.Version, error) {
	if err := state.CheckSuccession(old, next, sameLineage); err != nil {
		return state.Version{}, err
	}
	if _, _, err := s.Read(ctx); err != nil { // what is damaged is not written over
		return state.Version{}, err
	}
	at, err := s.look(ctx)
	if err != nil && !errors.Is(err, state.ErrJournal) {
		return state.Version{}, err
	}
	if err := errors.Join(at.head.holds(old), at.head.fits(next, sameLineage)); err != nil {
		return state.Version{}, err
	}
	ref, err := s.keep(ctx, old, next)
	if err != nil {
		return state.Version{}, err
	}
	var unneeded []string
	if err := s.update(ctx, &at, func(h *head) error {
		unneeded = h.become(ref)
		return nil
	}, func(h *head) error { return errors.Join(h.precedes(ref, old), h.fits(next, sameLineage)) }); err != nil {
		s.discard(ctx, &at.head, ref, err)
		return state.Version{}, err
	}
	s.tidy(ctx, unneeded)
	return ref.version(), nil
}

// fits reports a journal of another lineage: a run is letting the stack be born, and a state of ours would shut out what it
// has made.
func (h *head) fits(next state.State, sameLineage bool) error {
	if sameLineage && h.Journal != nil && h.Lineage != "" && h.Lineage != next.Lineage && !safety.Off(safety.RemoteBirth) {
		return fmt.Errorf("a run that has stored no state yet has begun one of lineage %s, and what it made is in its journal: "+
			"run kmsplan recover first", h.Lineage)
	}
	return nil
}

// precedes reports a head whose state is not v, unless what follows it was stored already: a write whose answer was lost, and
// after which the lease was renewed or others stored theirs, is found so.
func (h *head) precedes(next stateRef, v state.Version) error {
	if h.became(next) && !safety.Off(safety.RemoteOwnState) {
		return nil
	}
	return h.holds(v)
}

// holds reports a head whose state is not v.
func (h *head) holds(v state.Version) error {
	if found := h.State.version(); found != v && !safety.Off(safety.RemoteVersion) {
		return &state.StaleError{Expected: v, Found: found}
	}
	return nil
}

// keep stores next's object. Until the head names it nobody reads it.
func (s *Store) keep(ctx context.Context, old state.Version, next state.State) (stateRef, error) {
	stored := s.author.Stored(s.now())
	next.Previous, next.Stored = old.Digest, &stored
	plain, err := state.Encode(next)
	if err != nil {
		return stateRef{}, err
	}
	object, err := s.seal.Seal(ctx, About{Purpose: PurposeState, Lineage: next.Lineage, Serial: next.Serial}, plain)
	if err != nil {
		return stateRef{}, fmt.Errorf("sealing the state: %w", err)
	}
	sum := digest(object)
	ref := stateRef{Object: fmt.Sprintf("state-%012d-%s", next.Serial, sum[:16]), Lineage: next.Lineage, Serial: next.Serial, Digest: sum,
		At: stored.At, By: stored.By, Operation: stored.Operation, Writer: next.Writer, Key: s.seal.under(object)}
	if err := s.place.Put(ctx, ref.Object, object); err != nil {
		return stateRef{}, fmt.Errorf("storing the state: %w", err)
	}
	return ref, nil
}

// discard drops the object of a state that came too late.
func (s *Store) discard(ctx context.Context, at *head, ref stateRef, why error) {
	if errors.Is(why, state.ErrStale) && !at.became(ref) {
		s.tidy(ctx, []string{ref.Object})
	}
}

// tidy drops what nothing names any more; what stays does no harm.
func (s *Store) tidy(ctx context.Context, objects []string) {
	if len(objects) > 0 {
		_ = s.place.Drop(ctx, objects...)
	}
}
