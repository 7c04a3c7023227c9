package resource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Resolve finds out what became of a call on a client key.
func (clientKeyHandler) Resolve(ctx context.Context, s *Session, open state.Intent) (Resolution, error) {
	w := &clientKeyWork{Session: s}
	if s.Prior != nil {
		w.previous = slices.Clone(s.Prior.Predecessors)
	}
	var res Resolution
	var err error
	if open.Operation == "CreateClientKey" {
		res, err = w.resolveCreate(ctx, open)
	} else {
		res, err = w.resolveDelete(ctx, open)
	}
	if err != nil {
		return Resolution{}, fmt.Errorf("find out what became of %s of %s: %w", open.Operation, open.Address, err)
	}
	return res, nil
}

// resolveDelete looks whether the client key is still there. Of one that is declared the state keeps what it has, for the
// next plan to make another.
func (w *clientKeyWork) resolveDelete(ctx context.Context, open state.Intent) (Resolution, error) {
	o, err := readClientKey(ctx, w.Manager, open.ObjectID)
	if err != nil {
		return Resolution{}, err
	}
	gone := o == nil
	if w.Prior != nil && w.Prior.ID == open.ObjectID && w.Body.Attrs == nil {
		return Resolution{Committed: gone, Resource: keptIf(!gone, w.Prior)}, nil
	}
	if gone {
		w.previous = slices.DeleteFunc(w.previous, func(p state.Predecessor) bool { return p.ID == open.ObjectID })
	}
	return Resolution{Committed: gone, Resource: w.kept()}, nil
}

// resolveCreate looks for the client key by its validity. What its answer held waits beside the file if it came so far;
// else it is lost, and the next plan makes another and deletes this one.
func (w *clientKeyWork) resolveCreate(ctx context.Context, open state.Intent) (Resolution, error) {
	made, err := w.findMade(ctx, open)
	if err != nil {
		return Resolution{}, err
	}
	if made == nil {
		until := w.lateUntil(open)
		return Resolution{Pending: w.mayComeLate(until), Until: until, Resource: w.kept()}, nil
	}
	with := map[string]any{}
	if err := json.Unmarshal([]byte(open.Detail[detailMadeWith]), &with); err != nil {
		return Resolution{}, fmt.Errorf("what its intent says: %w", err)
	}
	w.place = w.keyPlace(fromState(with))
	sum, kept, err := w.place.Take(made.ID, RecordedKeyFile(w.Prior))
	if err != nil && !errors.Is(err, fs.ErrExist) { // what is in the way, the next plan says
		return Resolution{}, err
	}
	if !kept {
		return Resolution{Committed: true, Resource: w.rememberLost(made.ID)}, nil
	}
	r, _ := w.takenUp(ctx, *made, sum, with, nil)
	return Resolution{Committed: true, Resource: r}, nil
}

// findMade looks for a client key that an intent asked for; nil when there is none.
func (w *clientKeyWork) findMade(ctx context.Context, open state.Intent) (*kms.ClientKeyInfo, error) {
	keys, err := w.Manager.ListClientKeys(ctx, "")
	if err != nil {
		return nil, err
	}
	for i := range keys {
		k := &keys[i]
		known := w.Prior != nil && (w.Prior.ID == k.ID || w.Prior.Predecessor(k.ID) != nil)
		if !known && k.AccessPoint == open.Detail[detailPoint] && stamped(k.NotBefore, open.Detail[detailNotBefore]) && stamped(k.NotAfter, open.Detail[detailNotAfter]) {
			return k, nil
		}
	}
	return nil, nil
}

func stamped(at time.Time, text string) bool { return at.UTC().Format(time.RFC3339) == text }

// fromState are attributes as the state has them, for their files.
func fromState(with map[string]any) map[string]cty.Value {
	out := map[string]cty.Value{}
	for name, ty := range map[string]cty.Type{"file": cty.String, "password_file": cty.String, "recipients": cty.Set(cty.String)} {
		out[name] = plan.FromState(with[name], ty)
	}
	return out
}
