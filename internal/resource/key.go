package resource

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

type keyHandler struct{}

func (keyHandler) wishKnown(w *wish, r *state.Resource) {
	w.keys[r.ID] = true
	for _, was := range r.Predecessors {
		w.keys[was.ID] = true
		w.known[objectID{r.Kind, was.ID}] = r.Predecessor(was.ID)
	}
	w.policies[r.ID] = slices.Contains(r.Managed, "policy")
}

func (keyHandler) wishDeclared(w *wish, d declaration) {
	if id := d.id(); id != "" {
		w.keys[id] = true
		w.policies[id] = w.policies[id] || d.from.cfg.Writes(d.addr, "policy")
	}
	w.wishOwned(plan.KindKey, d)
}

// keyWork is one key's change at work: the key as last read, and its tags.
type keyWork struct {
	*Session
	key    kms.Key
	tags   map[string]string
	policy *string // nil = not read

	material materialWork
}

// Apply carries out a change of a key.
func (keyHandler) Apply(ctx context.Context, s *Session) (*state.Resource, error) {
	w := &keyWork{Session: s}
	if s.Change.Action == plan.Forget {
		return nil, nil
	}
	if s.Change.Action == plan.Delete && s.Gateway.Emulator == nil {
		return nil, fmt.Errorf("%s is a key of the service, which is retired in steps and never deleted in one; this is a defect of the plan", s.Change.Addr)
	}
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	for _, op := range s.Change.Calls {
		if op == "CreateKey" {
			continue
		}
		if err := w.call(ctx, op); err != nil {
			return w.result(), fmt.Errorf("%s of %s: %w", op, s.Change.Addr, err)
		}
	}
	if s.Change.Action == plan.Delete {
		return nil, nil
	}
	if err := w.refresh(ctx); err != nil {
		return w.result(), err
	}
	return w.result(), nil
}

// begin creates the key, or reads it and holds it against the pre-image.
func (w *keyWork) begin(ctx context.Context) error {
	if w.Change.Action == plan.Create {
		return w.create(ctx)
	}
	if err := w.read(ctx); err != nil {
		return fmt.Errorf("read %s before its change: %w", w.Change.Addr, err)
	}
	if err := w.unchanged(w.object()); err != nil || w.Change.Action != plan.Succeed {
		return err
	}
	w.policy = nil // the old key's
	return w.create(ctx)
}

// read describes the key and takes its tags from the snapshot, or from the
// service when there is none.
func (w *keyWork) read(ctx context.Context) (err error) {
	if w.key, err = w.Manager.DescribeKey(ctx, w.Change.ID); err != nil {
		return err
	}
	if err := sameARN(w.key, w.Prior); err != nil {
		return err
	}
	o := w.snapshotted()
	if o != nil && !w.retags() {
		w.tags = o.Tags
		return nil
	}
	if w.tags, err = w.readTags(ctx, kms.KindKey, w.key.ID); err != nil {
		return err
	}
	if o != nil && !maps.Equal(w.tags, o.Tags) && !safety.Off(safety.TagsAgain) {
		return &ChangedError{Address: w.Change.Addr.String(), ID: w.key.ID, What: "its tags are not those the plan was made on"}
	}
	return nil
}

// retags reports whether the change sets or removes tags: it was planned on those that were there.
func (w *keyWork) retags() bool {
	return w.Change.Needs("TagResources") || w.Change.Needs("UntagResources")
}

func (w *keyWork) snapshotted() *plan.Object {
	if w.Live == nil || w.succeeded() {
		return nil
	}
	return w.Live.Objects[plan.KindKey][w.Change.ID]
}

// refresh reads the key again after calls that changed it.
func (w *keyWork) refresh(ctx context.Context) (err error) {
	calls := w.Change.Calls
	if len(calls) == 0 || len(calls) == 1 && calls[0] == "CreateKey" {
		return nil
	}
	key, err := w.Manager.DescribeKey(ctx, w.key.ID)
	if err != nil {
		return fmt.Errorf("read %s after its change: %w", w.Change.Addr, err)
	}
	w.key = key
	return nil
}

func (w *keyWork) object() *plan.Object {
	o := keyObject(w.key, w.tags)
	if w.policy != nil {
		o.Attrs["policy"] = str(*w.policy)
	} else if live := w.snapshotted(); live != nil {
		if v, read := live.Attrs["policy"]; read {
			o.Attrs["policy"] = v
		}
	}
	return o
}

// result is the key as state keeps it, with the step of a retirement taken.
func (w *keyWork) result() *state.Resource {
	r := w.record(w.object())
	if w.Change.Action == plan.Create || w.succeeded() {
		r.Intent = w.Intent
	}
	if w.material.print != nil {
		r.Fingerprints = map[string]state.Fingerprint{plan.MaterialPrint: *w.material.print}
	}
	if w.Change.Action == plan.Rescue || w.Change.Needs("EnableKey") && w.key.State == kms.StateEnabled {
		r.Retire, r.RetiredAt = "", time.Time{}
	}
	if w.Change.Action == plan.Adopt {
		for _, id := range w.Change.Succeeds {
			r.Predecessors = append(r.Predecessors, state.Predecessor{ID: id, Since: w.byService(w.Now())})
		}
	}
	if w.Change.Action == plan.Retire {
		r.Retire, r.RetiredAt = plan.RetireDisabled, w.byService(w.Now())
		switch {
		case w.key.State == kms.StatePendingDeletion:
			r.Retire = plan.RetireScheduled
		case w.key.State == kms.StateEnabled: // the step failed
			r.Retire, r.RetiredAt = w.Prior.Retire, w.Prior.RetiredAt
		case w.Change.Needs("ScheduleKeyDeletion"):
			r.Retire, r.RetiredAt = w.Prior.Retire, w.Prior.RetiredAt
		}
	}
	return &r
}

// create makes the key under an intent that its tags carry, and records it the
// moment it exists.
func (w *keyWork) create(ctx context.Context) error {
	tags := plan.OwnerTags(w.Lineage, w.Change.Addr, w.Intent)
	if v, ok := w.want("tags"); ok {
		for k, t := range plan.StringMap(v) {
			tags[k] = t
		}
	}
	in := kms.CreateKeyInput{
		Description: w.optional("description"), Spec: w.optional("spec"), Usage: w.optional("usage"),
		Origin: w.optional("origin"), ProtectionLevel: w.optional("protection_level"), InstanceID: w.instance(), Tags: tags,
	}
	err := w.Call(ctx, "CreateKey", "", nil, func(ctx context.Context) (string, error) {
		key, err := w.Manager.CreateKey(ctx, in)
		if kms.IsAmbiguous(err) {
			key, err = w.recoverCreate(ctx, err)
		} else if err == nil && !safety.Off(safety.KeyProved) {
			key, err = w.prove(ctx, key)
		}
		w.key = key
		return key.ID, err
	})
	if err != nil {
		return fmt.Errorf("create %s: %w", w.Change.Addr, err)
	}
	if w.tags = tags; safety.Off(safety.KeyRecorded) {
		return nil
	}
	return w.Journal.Record(*w.result())
}

// succeeded reports whether the key at work is the successor of the one that the change names.
func (w *keyWork) succeeded() bool {
	return w.Change.Action == plan.Succeed && w.key.ID != "" && w.key.ID != w.Change.ID
}

// call makes one call of a change.
func (w *keyWork) call(ctx context.Context, op string) error {
	switch op {
	case "CancelKeyDeletion":
		return w.toState(ctx, op, kms.StateEnabled, w.Manager.CancelKeyDeletion)
	case "EnableKey":
		return w.toState(ctx, op, kms.StateEnabled, w.Manager.EnableKey)
	case "DisableKey":
		return w.disable(ctx)
	case "UpdateKeyDescription":
		return w.describe(ctx)
	case "TagResources":
		return w.tag(ctx)
	case "UntagResources":
		return w.untag(ctx)
	case "SetDeletionProtection":
		return w.protect(ctx)
	case "GetParametersForImport":
		return w.askToken(ctx)
	case "ImportKeyMaterial":
		return w.importMaterial(ctx)
	case "SetKeyPolicy":
		return w.setPolicy(ctx)
	case "ScheduleKeyDeletion":
		return w.schedule(ctx)
	case "CreateKeyVersion":
		return w.rotate(ctx)
	}
	return fmt.Errorf("this version of kmsplan does not know the call %q; plan again", op)
}

// toState makes a call that leads to a key state. After an ambiguous answer a
// reading decides.
func (w *keyWork) toState(ctx context.Context, op, want string, fn func(context.Context, string) error) error {
	return w.Call(ctx, op, w.key.ID, map[string]string{"state": want}, func(ctx context.Context) (string, error) {
		return w.key.ID, settle(fn(ctx, w.key.ID), func() (bool, error) {
			k, err := w.Manager.DescribeKey(ctx, w.key.ID)
			return k.State == want, err
		})
	})
}

// disable leaves a key alone that configuration turns out to want enabled: its
// wish was unknown when it was planned.
func (w *keyWork) disable(ctx context.Context) error {
	if v, ok := w.want("enabled"); ok && v.True() && w.Change.Action != plan.Retire {
		return nil
	}
	return w.toState(ctx, "DisableKey", kms.StateDisabled, w.Manager.DisableKey)
}

func (w *keyWork) describe(ctx context.Context) error {
	text, ok := w.wantText("description")
	if !ok {
		return nil
	}
	return w.Call(ctx, "UpdateKeyDescription", w.key.ID, nil, func(ctx context.Context) (string, error) {
		return w.key.ID, settle(w.Manager.UpdateKeyDescription(ctx, w.key.ID, text), func() (bool, error) {
			k, err := w.Manager.DescribeKey(ctx, w.key.ID)
			return k.Description == text, err
		})
	})
}

func (w *keyWork) tag(ctx context.Context) error {
	set := w.tagsToSet(w.tags)
	if len(set) == 0 {
		return nil
	}
	if err := w.tagObject(ctx, kms.KindKey, w.key.ID, set); err != nil {
		return err
	}
	w.tags = withTags(w.tags, set, nil)
	return nil
}

func (w *keyWork) untag(ctx context.Context) error {
	gone := w.tagsToRemove(w.tags)
	if len(gone) == 0 {
		return nil
	}
	if err := w.untagObject(ctx, kms.KindKey, w.key.ID, gone); err != nil {
		return err
	}
	w.tags = withTags(w.tags, nil, gone)
	return nil
}

// protect sets deletion protection as configuration asks; a retirement takes it
// off before it schedules the deletion.
func (w *keyWork) protect(ctx context.Context) error {
	on := w.key.DeletionProtection
	if v, ok := w.want("deletion_protection"); ok && !v.IsNull() {
		on = v.True()
	}
	if w.Change.Action.Destructive() {
		on = false
	}
	var text *string
	if on {
		text = w.optional("deletion_protection_description")
	}
	if on == w.key.DeletionProtection && (text == nil || *text == w.key.DeletionProtectionDescription) {
		return nil
	}
	return w.Call(ctx, "SetDeletionProtection", w.key.ID, map[string]string{"on": fmt.Sprint(on)}, func(ctx context.Context) (string, error) {
		return w.key.ID, settle(w.Manager.SetDeletionProtection(ctx, w.key.ARN, on, text), func() (bool, error) {
			k, err := w.Manager.DescribeKey(ctx, w.key.ID)
			return k.DeletionProtection == on && (text == nil || k.DeletionProtectionDescription == *text), err
		})
	})
}

func (w *keyWork) setPolicy(ctx context.Context) error {
	text, ok := w.policyText(str(w.key.ARN))
	if !ok {
		return nil
	}
	err := w.Call(ctx, "SetKeyPolicy", w.key.ID, nil, func(ctx context.Context) (string, error) {
		return w.key.ID, settle(w.Manager.SetKeyPolicy(ctx, w.key.ID, text), func() (bool, error) {
			live, err := w.Manager.GetKeyPolicy(ctx, w.key.ID)
			return samePolicy(text, live), err
		})
	})
	if err == nil {
		w.policy = &text
	}
	return err
}

// schedule starts the deletion window of a retired key.
func (w *keyWork) schedule(ctx context.Context) error {
	if w.Removed == nil {
		return fmt.Errorf("no removed block asks for the deletion of %s", w.Change.Addr)
	}
	days := w.Removed.WindowDays
	return w.toState(ctx, "ScheduleKeyDeletion", kms.StatePendingDeletion, func(ctx context.Context, id string) error {
		return w.Manager.ScheduleKeyDeletion(ctx, id, days)
	})
}
