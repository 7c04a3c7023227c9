package resource

import (
	"context"
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

type secretHandler struct{}

func (secretHandler) wishKnown(w *wish, r *state.Resource) {
	w.secrets[r.ID] = true
	w.secretPolicies[r.ID] = slices.Contains(r.Managed, "policy")
}

func (secretHandler) wishDeclared(w *wish, d declaration) {
	name := d.id()
	if d.known == nil {
		name = text(d.attrs()["name"])
		w.secrets[name] = true
	}
	if d.imported != "" {
		w.secrets[d.imported] = true
	}
	for _, id := range []string{name, d.imported} {
		w.secretPolicies[id] = w.secretPolicies[id] || d.from.cfg.Writes(d.addr, "policy")
	}
	w.wishOwned(plan.KindSecret, d)
}

// secretWork is one secret's change at work.
type secretWork struct {
	*Session
	object  *plan.Object
	stored  *storedValue // the version this change wrote
	policy  *string      // that this change set
	removed bool
	held    *state.Held // the version that a person made the current one
	current string      // the version that this change made current by moving the stage
}

// storedValue is a value that was written: what state keeps of it.
type storedValue struct {
	fingerprint state.Fingerprint
	version     string
	generated   any // the arguments of generate, nil for a configured value
	dataType    *string
	chosen      bool // the version's id is the configuration's, and not made of the fingerprint
}

// Apply carries out a change of a secret.
func (secretHandler) Apply(ctx context.Context, s *Session) (*state.Resource, error) {
	w := &secretWork{Session: s}
	if s.Change.Action == plan.Forget {
		return nil, nil
	}
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	if s.Change.Promoted != "" && s.Change.Asked != nil {
		if err := w.promote(ctx); err != nil {
			return w.result(), fmt.Errorf("UpdateSecretVersionStage of %s: %w", s.Change.Addr, err)
		}
	}
	for _, op := range s.Change.Calls {
		if op == "CreateSecret" || op == "UpdateSecretVersionStage" && s.Change.Asked != nil {
			continue
		}
		if err := w.call(ctx, op); err != nil {
			return w.result(), fmt.Errorf("%s of %s: %w", op, s.Change.Addr, err)
		}
	}
	if w.removed {
		return nil, nil
	}
	if calls := s.Change.Calls; len(calls) > 0 && (len(calls) > 1 || calls[0] != "CreateSecret") {
		if err := w.read(ctx); err != nil {
			return w.result(), fmt.Errorf("read %s after its change: %w", s.Change.Addr, err)
		}
	}
	return w.result(), nil
}

// begin creates the secret, or reads it and holds it against the pre-image.
func (w *secretWork) begin(ctx context.Context) error {
	if w.Change.Action == plan.Create {
		return w.create(ctx)
	}
	if err := w.read(ctx); err != nil {
		return fmt.Errorf("read %s before its change: %w", w.Change.Addr, err)
	}
	return w.unchanged(w.object)
}

func (w *secretWork) read(ctx context.Context) error {
	id := w.Change.ID
	if id == "" {
		id, _ = w.wantText("name")
	}
	o, err := readSecret(ctx, w.Manager, id, w.patience())
	if err == nil && o == nil {
		err = fmt.Errorf("the secret %s does not exist", id)
	}
	if err == nil {
		w.object = o
		w.stored.show(o)
		w.showPolicy()
	}
	return err
}

// showPolicy adds the policy, which a description does not tell: as it was set here, or read for the plan.
func (w *secretWork) showPolicy() {
	if w.policy != nil {
		w.object.Attrs["policy"] = str(*w.policy)
	} else if w.Live != nil && w.Live.Objects[plan.KindSecret][w.object.ID] != nil {
		if v, read := w.Live.Objects[plan.KindSecret][w.object.ID].Attrs["policy"]; read {
			w.object.Attrs["policy"] = v
		}
	}
}

// show adds the version that was just written to one that was read before lists show it.
func (v *storedValue) show(o *plan.Object) {
	if v == nil || o.Stages[v.version] != nil {
		return
	}
	for id, stages := range o.Stages {
		o.Stages[id] = slices.DeleteFunc(slices.Clone(stages), func(s string) bool { return s == kms.StageCurrent })
	}
	o.Versions, o.Current = append(o.Versions, v.version), v.version
	o.Stages[v.version] = []string{kms.StageCurrent}
	o.Attrs["current_version"] = str(v.version)
}

// create makes the secret with its first version. The version id comes from the
// value's fingerprint, so that the call can be recognised and repeated.
func (w *secretWork) create(ctx context.Context) error {
	name, _ := w.wantText("name")
	value, stored, err := w.value()
	if err != nil {
		return err
	}
	defer value.Zero()
	tags := plan.OwnerTags(w.Lineage, w.Change.Addr, w.Intent)
	if v, ok := w.want("tags"); ok {
		tags = withTags(tags, plan.StringMap(v), nil)
	}
	in := kms.CreateSecretInput{
		Name: name, Value: value, VersionID: stored.version, DataType: stored.dataType, Type: w.optional("type"),
		Description: w.optional("description"), EncryptionKeyID: w.optional("encryption_key"), InstanceID: w.instance(), Tags: tags,
		ExtendedConfig: w.extendedConfig(),
	}
	if text, ok := w.wantText("policy"); ok && w.Body.Attrs["policy"].IsKnown() && !w.Body.Attrs["policy"].IsNull() {
		in.Policy, w.policy = &text, &text // null: whatever a new secret has
	}
	var info kms.SecretInfo
	err = w.Call(ctx, "CreateSecret", name, stored.detail(), func(ctx context.Context) (string, error) {
		_, err := w.Manager.CreateSecret(ctx, in)
		if err == nil {
			info, err = w.proveSecret(ctx, name)
			return name, err
		}
		return name, settle(err, func() (ours bool, err error) {
			if info, err = w.Manager.DescribeSecret(ctx, name); err != nil {
				return false, err
			}
			return w.carries("CreateSecret", name, info.Tags)
		})
	})
	if err != nil {
		return fmt.Errorf("create %s: %w", w.Change.Addr, err)
	}
	w.stored, w.Change.ID = stored, name
	w.object = secretObject(info, nil)
	w.object.Attrs["stages"] = plan.MapOf(nil) // a new one has none of anybody's
	w.stored.show(w.object)
	w.showPolicy()
	return w.Journal.Record(*w.result())
}

// holds reports whether a secret has a version.
func (w *secretWork) holds(ctx context.Context, name, version string) (bool, error) {
	versions, err := w.Manager.ListSecretVersionIDs(ctx, name, true)
	return slices.ContainsFunc(versions, func(v kms.SecretVersion) bool { return v.ID == version }), err
}

// value takes the configured value, or generates one.
func (w *secretWork) value() (kms.Secret, *storedValue, error) {
	v, generated, err := w.given()
	if err != nil {
		return kms.Secret{}, nil, err
	}
	stored := storedValue{generated: generated, dataType: w.optional("data_type")}
	if v.Binary {
		stored.dataType = new("binary")
	}
	if stored.fingerprint, err = w.Fingerprints.New(w.Change.Addr.String(), v.Printed()); err != nil {
		clear(v.Sent)
		return kms.Secret{}, nil, fmt.Errorf("nothing was called for %s: %w", w.Change.Addr, err)
	}
	stored.version = state.VersionID(stored.fingerprint)
	if id, ok := w.wantText("version_id"); ok && !w.putsByHand() && generated == nil {
		stored.version, stored.chosen = id, true
	}
	return kms.SecretBytes(v.Sent), &stored, nil
}

func (w *secretWork) given() (v plan.SecretValue, generated any, err error) {
	if w.putsByHand() {
		v, err = w.byHand()
		return v, nil, err
	}
	if args, ok := w.Body.Blocks["generate"]; ok {
		raw, err := generate(args)
		if err != nil {
			return v, nil, fmt.Errorf("generate the value of %s: %w", w.Change.Addr, err)
		}
		return plan.SecretValue{Sent: raw}, plan.GenerateArguments(args), nil
	}
	v, ok := plan.ConfiguredValue(w.Body)
	if !ok {
		return v, nil, fmt.Errorf("%s has no value; set value or add generate { length = 32 }", w.Change.Addr)
	}
	return v, nil, nil
}

// detail is what the intent remembers, so that a recovered version is known by
// its fingerprint. It holds nothing that state does not hold as well.
func (v *storedValue) detail() map[string]string {
	d := printDetail(v.fingerprint)
	d["version"] = v.version
	if v.generated != nil {
		d["generated"] = "true"
	}
	if v.chosen {
		d[detailChosen] = "true"
	}
	return d
}

func (w *secretWork) call(ctx context.Context, op string) error {
	switch op {
	case "RestoreSecret":
		return w.restore(ctx)
	case "UpdateSecret":
		return w.describe(ctx)
	case "TagResources":
		if set := w.tagsToSet(w.object.Tags); len(set) > 0 {
			return w.tagObject(ctx, kms.KindSecret, w.object.ID, set)
		}
		return nil
	case "UntagResources":
		if gone := w.tagsToRemove(w.object.Tags); len(gone) > 0 {
			return w.untagObject(ctx, kms.KindSecret, w.object.ID, gone)
		}
		return nil
	case "SetSecretPolicy":
		return w.setPolicy(ctx)
	case "PutSecretValue":
		if w.putsByHand() {
			return w.putGiven(ctx)
		}
		return w.put(ctx)
	case "RotateSecret":
		return w.rotate(ctx)
	case "UpdateSecretVersionStage":
		return w.moveStages(ctx)
	case "DeleteSecret":
		return w.remove(ctx)
	}
	return fmt.Errorf("this version of kmsplan does not know the call %q; plan again", op)
}

func (w *secretWork) restore(ctx context.Context) error {
	id := w.object.ID
	return w.Call(ctx, "RestoreSecret", id, nil, func(ctx context.Context) (string, error) {
		return id, settle(w.Manager.RestoreSecret(ctx, id), func() (bool, error) {
			info, err := w.Manager.DescribeSecret(ctx, id)
			return err == nil && info.DeleteAt.IsZero(), err
		})
	})
}

// put stores a new version. A value that turns out to be the recorded one, after
// it was unknown when it was planned, is not stored again, unless others replaced it.
func (w *secretWork) put(ctx context.Context) error {
	another, _ := w.wantText("version_id")
	if w.Prior != nil && w.Prior.Held == nil && (another == "" || another == w.object.Current) && w.Body.Blocks["generate"] == nil && plan.LastWritten(w.Prior) == w.object.Current {
		fp, recorded := w.Prior.Fingerprints["value"]
		if v, ok := plan.ConfiguredValue(w.Body); ok && recorded && w.Fingerprints.Compare(fp, v.Printed()) == state.Same {
			return nil
		}
	}
	value, stored, err := w.value()
	if err != nil {
		return err
	}
	defer value.Zero()
	id := w.object.ID
	in := kms.PutSecretValueInput{Name: id, Value: value, VersionID: stored.version, DataType: stored.dataType}
	err = w.Call(ctx, "PutSecretValue", id, stored.detail(), func(ctx context.Context) (string, error) {
		return id, settle(w.Manager.PutSecretValue(ctx, in), func() (bool, error) {
			there, err := w.holds(ctx, id, stored.version)
			if there && stored.chosen { // others may have chosen the same: KMS takes it again only with the same value
				err = w.Manager.PutSecretValue(ctx, in)
			}
			return there && err == nil, err
		})
	})
	if err == nil {
		w.stored = stored
	}
	return err
}

func (w *secretWork) remove(ctx context.Context) error {
	id, days := w.object.ID, plan.RecoveryWindow(w.Removed, w.Prior)
	err := w.Call(ctx, "DeleteSecret", id, nil, func(ctx context.Context) (string, error) {
		_, err := w.Manager.DeleteSecret(ctx, kms.DeleteSecretInput{Name: id, RecoveryWindow: &days})
		return id, settle(err, func() (bool, error) {
			info, err := w.Manager.DescribeSecret(ctx, id)
			return err == nil && !info.DeleteAt.IsZero(), err
		})
	})
	w.removed = err == nil
	return err
}

// result is the secret as state keeps it. The first time a secret is taken in, its
// live versions count as seen.
func (w *secretWork) result() *state.Resource {
	if w.object == nil {
		return nil
	}
	r := w.record(w.object)
	if v, ok := w.want("recovery_window_days"); ok && !v.IsNull() {
		r.Attributes["recovery_window_days"] = plan.ToState(v)
	}
	if id, ok := w.wantText("version_id"); ok && id == w.object.Current {
		r.Attributes["version_id"] = id
	}
	if args, ok := w.Body.Blocks["generate"]; ok && w.Prior == nil {
		r.Attributes["generate"] = plan.GenerateArguments(args)
	}
	if w.Prior == nil {
		r.Versions = currentLast(w.object)
	}
	if w.Change.Action == plan.Create {
		r.Intent = w.Intent
	}
	w.cameFrom(&r)
	if w.held == nil && !w.waitsForStage() {
		w.stored.addTo(&r)
	}
	w.hold(&r)
	w.keepCurrent(&r)
	return &r
}

// currentLast lists a secret's versions with the current one last: that is the one to be found
// again.
func currentLast(o *plan.Object) []string {
	others := slices.DeleteFunc(slices.Clone(o.Versions), func(v string) bool { return v == o.Current })
	if len(others) == len(o.Versions) {
		return others
	}
	return append(others, o.Current)
}

// addTo records a version that was written.
func (v *storedValue) addTo(r *state.Resource) {
	if v == nil {
		return
	}
	r.Fingerprints, r.Held = map[string]state.Fingerprint{"value": v.fingerprint}, nil
	delete(r.Attributes, "generate")
	if v.generated != nil {
		r.Fingerprints, r.Attributes["generate"] = nil, v.generated
	}
	r.Versions = last(r.Versions, v.version)
}
