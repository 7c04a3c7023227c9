package resource

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Resolve finds out what became of a call on a key.
func (keyHandler) Resolve(ctx context.Context, s *Session, open state.Intent) (Resolution, error) {
	w := &keyWork{Session: s}
	if open.Operation == "CreateKey" {
		return w.resolveCreate(ctx, open)
	}
	id := open.ObjectID
	key, err := s.Manager.DescribeKey(ctx, id)
	if kms.IsNotFound(err) {
		return Resolution{Resource: s.Prior}, nil // the next plan says that the key is lost
	}
	if err != nil {
		return Resolution{}, fmt.Errorf("find out what became of %s of %s: %w", open.Operation, open.Address, err)
	}
	w.key, w.Change.ID = key, id
	tags, err := s.Manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: []string{id}})
	if err != nil {
		return Resolution{}, fmt.Errorf("find out what became of %s of %s: %w", open.Operation, open.Address, err)
	}
	w.tags = tags[id]
	r := w.record(w.object())
	if open.Operation == "CreateKeyVersion" {
		return w.resolveRotation(open, key, &r), nil
	}
	if want := open.Detail["state"]; want != "" && want == key.State {
		w.resolveStep(&r, open)
		return Resolution{Committed: true, Resource: &r}, nil
	}
	if open.Operation == "ImportKeyMaterial" && imported(key, open.Detail["expires"]) {
		r.Fingerprints = map[string]state.Fingerprint{plan.MaterialPrint: detailPrint(open.Detail)}
		return Resolution{Committed: true, Resource: &r}, nil
	}
	// Tags, texts and protection are kept as they are found; what is missing is planned again.
	untold := open.Detail["state"] == ""
	return Resolution{Committed: untold, Untold: untold, Resource: &r}, nil
}

// resolveStep records a step of a retirement that took effect.
func (w *keyWork) resolveStep(r *state.Resource, open state.Intent) {
	switch {
	case open.Operation == "ScheduleKeyDeletion":
		r.Retire, r.RetiredAt = plan.RetireScheduled, w.byService(open.At)
	case open.Operation == "DisableKey" && w.Removed != nil:
		r.Retire, r.RetiredAt = plan.RetireDisabled, w.byService(open.At)
	}
}

// resolveCreate searches for the key of a lost CreateKey. It is not created
// again before a late commit is impossible.
func (w *keyWork) resolveCreate(ctx context.Context, open state.Intent) (Resolution, error) {
	keys, err := findIntent(ctx, w.Manager, open.Token)
	if err != nil {
		return Resolution{}, fmt.Errorf("search for the key of an unanswered CreateKey for %s: %w", open.Address, err)
	}
	if len(keys) == 0 {
		until := w.lateUntil(open)
		return Resolution{Pending: w.mayComeLate(until), Until: until}, nil
	}
	return w.adopt(ctx, keys, open)
}

func (w *keyWork) adopt(ctx context.Context, keys []kms.Key, open state.Intent) (Resolution, error) {
	w.key, w.Change.ID, w.Intent = keys[0], keys[0].ID, open.Token
	tags, err := w.Manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: []string{w.key.ID}})
	if err != nil {
		return Resolution{}, fmt.Errorf("read the tags of %s: %w", w.key.ID, err)
	}
	w.tags = tags[w.key.ID]
	r := w.record(w.object())
	r.Intent = open.Token
	res := Resolution{Committed: true, Resource: &r}
	for _, k := range keys[1:] {
		res.Duplicates = append([]string{k.ID}, res.Duplicates...)
	}
	return res, nil
}
