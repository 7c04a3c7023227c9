package resource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/keyfile"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// clientKeyHandler is for client keys. The private half is in the answer to CreateClientKey and nowhere else: it is on disk
// before that call's result is recorded, and takes the file's place before the client key is. A creation whose answer was
// lost is found by its validity, which is like no other's; what its answer held is lost.
type clientKeyHandler struct{}

func (clientKeyHandler) wishKnown(w *wish, r *state.Resource) {
	w.users[plan.KindClientKey] = true
	for _, was := range r.Predecessors {
		w.known[objectID{r.Kind, was.ID}] = r
	}
}

func (clientKeyHandler) wishDeclared(w *wish, _ declaration) { w.users[plan.KindClientKey] = true }

// clientKeyWork is one client key's change at work.
type clientKeyWork struct {
	*Session
	place    keyfile.Place
	previous []state.Predecessor
}

// Apply carries out a change of a client key.
func (clientKeyHandler) Apply(ctx context.Context, s *Session) (*state.Resource, error) {
	c := &s.Change
	if c.Action == plan.Forget {
		return nil, nil
	}
	w := &clientKeyWork{Session: s, place: s.keyPlace(s.Body.Attrs)}
	if s.Prior != nil {
		w.previous = slices.Clone(s.Prior.Predecessors)
	}
	if c.Action == plan.Delete {
		return nil, w.deleteAll(ctx)
	}
	if err := w.same(ctx); err != nil {
		return nil, err
	}
	if err := w.deletePrevious(ctx); err != nil {
		return w.kept(), err
	}
	if c.Needs("CreateClientKey") {
		return w.create(ctx)
	}
	return w.readAgain(ctx)
}

// same holds the client key against the one that was planned on.
func (w *clientKeyWork) same(ctx context.Context) error {
	if w.Change.PreImage == nil {
		return nil
	}
	o, err := readClientKey(ctx, w.Manager, w.Change.ID)
	if err != nil {
		return fmt.Errorf("read %s before its change: %w", w.Change.Addr, err)
	}
	if o == nil {
		o = &plan.Object{Kind: plan.KindClientKey, ID: w.Change.ID}
	}
	return w.unchanged(o)
}

// readClientKey reads one; nil when it does not exist.
func readClientKey(ctx context.Context, m kms.Manager, id string) (*plan.Object, error) {
	k, err := m.GetClientKey(ctx, id)
	if kms.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return clientKeyObject(k), nil
}

// deleteAll deletes a client key that is removed, those before it first.
func (w *clientKeyWork) deleteAll(ctx context.Context) error {
	if err := w.same(ctx); err != nil {
		return err
	}
	for len(w.previous) > 0 {
		if err := w.delete(ctx, w.previous[0].ID); err != nil {
			return err
		}
		w.previous = w.previous[1:]
		if err := w.Journal.Record(*w.kept()); err != nil {
			return err
		}
	}
	return w.delete(ctx, w.Change.ID)
}

// deletePrevious deletes the earlier ones that the plan names, and one whose private half was lost.
func (w *clientKeyWork) deletePrevious(ctx context.Context) error {
	for _, id := range w.Change.Previous() {
		if w.lives(id) {
			if err := w.delete(ctx, id); err != nil {
				return err
			}
		}
		w.previous = slices.DeleteFunc(w.previous, func(p state.Predecessor) bool { return p.ID == id })
		if err := w.Journal.Record(*w.kept()); err != nil {
			return err
		}
	}
	if w.lost() && w.Change.Needs("CreateClientKey") && w.Change.Action != plan.Create {
		return w.delete(ctx, w.Prior.ID)
	}
	return nil
}

func (w *clientKeyWork) lost() bool { return w.Prior != nil && w.Prior.Retire == plan.RetireLost }

func (w *clientKeyWork) lives(id string) bool {
	return w.Live == nil || w.Live.Objects[plan.KindClientKey][id] != nil
}

func (w *clientKeyWork) delete(ctx context.Context, id string) error {
	err := w.Call(ctx, "DeleteClientKey", id, nil, func(ctx context.Context) (string, error) {
		err := w.Manager.DeleteClientKey(ctx, id)
		if kms.IsNotFound(err) {
			return id, nil // as wanted
		}
		return id, settle(err, func() (bool, error) {
			o, err := readClientKey(ctx, w.Manager, id)
			return o == nil, err
		})
	})
	if err != nil {
		return fmt.Errorf("DeleteClientKey of %s (%s): %w", w.Change.Addr, id, err)
	}
	return nil
}

// kept is what state has of the client key, less the earlier ones that are gone; nil when it has nothing.
func (w *clientKeyWork) kept() *state.Resource {
	if w.Prior == nil {
		return nil
	}
	r := *w.Prior
	r.Predecessors = append([]state.Predecessor{}, w.previous...)
	return &r
}

// readAgain records a client key that stays.
func (w *clientKeyWork) readAgain(ctx context.Context) (*state.Resource, error) {
	o, err := readClientKey(ctx, w.Manager, w.Change.ID)
	if err == nil && o == nil {
		err = fmt.Errorf("the client key %s does not exist", w.Change.ID)
	}
	if err != nil {
		return w.kept(), fmt.Errorf("read %s after its change: %w", w.Change.Addr, err)
	}
	r := w.recordOf(o, w.madeWith())
	if w.Prior == nil {
		r.Attributes["file_digest"] = w.place.Look(keyfile.Recorded{ID: o.ID}, "").Digest
	} else {
		r.Retire, r.RetiredAt = w.Prior.Retire, w.Prior.RetiredAt
	}
	return &r, nil
}

// recordOf is what state keeps of a client key that was made with these arguments.
func (w *clientKeyWork) recordOf(o *plan.Object, with map[string]any) state.Resource {
	r := w.record(o)
	for name, x := range with {
		r.Attributes[name] = x
	}
	r.Predecessors = append([]state.Predecessor{}, w.previous...)
	ids := []any{}
	for _, p := range w.previous {
		ids = append(ids, p.ID)
	}
	r.Attributes["previous"] = ids
	return r
}

// madeWith are the arguments that the service does not tell again, without the password.
func (s *Session) madeWith() map[string]any {
	with := map[string]any{}
	k := kind.Lookup(plan.KindClientKey, false)
	for i := range k.Attributes {
		at := &k.Attributes[i]
		if at.Mode == kind.Computed || at.WriteOnly || at.Immutable {
			continue
		}
		with[at.Name] = nil
		if v, ok := s.want(at.Name); ok {
			with[at.Name] = plan.ToState(v)
		}
	}
	return with
}

// keyPlace is where a client key's files are.
func (s *Session) keyPlace(attrs map[string]cty.Value) keyfile.Place {
	p := KeyPlace(s.Dir, attrs)
	p.Owned = s.Owned
	return p
}

// KeyPlace is where the files of a client key with these arguments are.
func KeyPlace(dir string, attrs map[string]cty.Value) keyfile.Place {
	p := keyfile.Place{Dir: dir, File: text(attrs["file"]), PasswordFile: text(attrs["password_file"])}
	if v := unmarked(attrs["recipients"]); v != cty.NilVal && v.IsWhollyKnown() && !v.IsNull() {
		p.Recipients = plan.Strings(v)
	}
	return p
}

// RecordedKeyFile is what state has of a client key's file.
func RecordedKeyFile(r *state.Resource) (f keyfile.Recorded) {
	if r != nil {
		f.ID = r.ID
		f.Digest, _ = r.Attributes["file_digest"].(string)
		f.PasswordFile, _ = r.Attributes["password_file"].(string)
	}
	return f
}

// LookAtClientKey looks at the files of a client key for a plan.
func LookAtClientKey(dir string, attrs map[string]cty.Value, r *state.Resource) plan.ClientKeyFile {
	p := KeyPlace(dir, attrs)
	if p.File == "" {
		return plan.ClientKeyFile{} // not known yet
	}
	found := p.Look(RecordedKeyFile(r), text(attrs["password"]))
	return plan.ClientKeyFile{
		Missing: found.Standing == keyfile.Missing && found.Problem == "", Ours: found.Standing == keyfile.Ours, ID: found.ID,
		Closed: found.Closed, NoPassword: found.NoPassword, Problem: found.Problem,
	}
}

var errNoClientKeyPassword = errors.New("it has no password; write password, or password_file")

// succession is how an earlier client key is remembered.
func succession(r *state.Resource, at time.Time) state.Predecessor {
	return state.Predecessor{ID: r.ID, Since: at}
}
