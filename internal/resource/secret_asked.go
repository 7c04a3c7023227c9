package resource

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Given is a secret's value, or a key's material, that a person hands in beside the configuration. It goes nowhere but into
// the call.
type Given struct {
	Value kms.Secret
}

// What an intent remembers of what was asked for.
const (
	detailAct      = "act"
	detailPromoted = "promoted" // the version that becomes the current one
	detailRotated  = "rotated"  // the version that KMS makes for it
)

// putGiven stores a value that was given by hand. The configuration's fingerprint stays what it is: the value is not the
// declared one.
func (w *secretWork) putGiven(ctx context.Context) error {
	value, stored, err := w.value()
	if err != nil {
		return err
	}
	defer value.Zero()
	w.Body = hcl.Body{} // nothing else of the block is done
	detail := stored.detail()
	detail[detailAct] = string(plan.ActPut)
	id := w.object.ID
	in := kms.PutSecretValueInput{Name: id, Value: value, VersionID: stored.version, DataType: stored.dataType}
	err = w.Call(ctx, "PutSecretValue", id, detail, func(ctx context.Context) (string, error) {
		return id, settle(w.Manager.PutSecretValue(ctx, in), func() (bool, error) { return w.holds(ctx, id, stored.version) })
	})
	if err == nil {
		w.held = &state.Held{Version: stored.version, By: string(plan.ActPut), Put: stored.version, Fingerprint: &stored.fingerprint}
		w.stored = stored
	}
	return err
}

// byHand is the value that a person gave: text, or what is no text, or is declared in base64, as binary.
func (w *secretWork) byHand() (plan.SecretValue, error) {
	raw := w.Given.Value.Bytes()
	if len(raw) == 0 {
		return plan.SecretValue{}, errors.New("no value was given; nothing was called")
	}
	if _, binary := w.Body.Attrs["value_base64"]; binary || !utf8.Valid(raw) {
		return plan.SecretValue{Sent: base64.StdEncoding.AppendEncode(nil, raw), Binary: true}, nil
	}
	return plan.SecretValue{Sent: slices.Clone(raw)}, nil
}

// putsByHand reports whether the change is to store a value that a person gave.
func (w *secretWork) putsByHand() bool {
	return w.Change.Asked != nil && w.Change.Asked.Act == plan.ActPut
}

// promote makes a version the current one. The call names the version that it takes the stage from, so that one that
// comes late does nothing once the stage has moved on.
func (w *secretWork) promote(ctx context.Context) error {
	id, to, from, act := w.object.ID, w.Change.Promoted, w.object.Current, string(w.Change.Asked.Act)
	if from == to {
		w.promoted(to, act)
		return nil
	}
	in := kms.MoveStageInput{Name: id, Stage: kms.StageCurrent, MoveTo: &to}
	if from != "" {
		in.RemoveFrom = &from
	}
	detail := map[string]string{detailAct: act, detailPromoted: to}
	err := w.Call(ctx, "UpdateSecretVersionStage", id, detail, func(ctx context.Context) (string, error) {
		return id, settle(w.Manager.UpdateSecretVersionStage(ctx, in), func() (bool, error) {
			o, err := readSecret(ctx, w.Manager, id, w.patience())
			return o != nil && o.Current == to, err
		})
	})
	if err == nil {
		w.promoted(to, act)
	}
	return err
}

// promoted notes which version is the current one now.
func (w *secretWork) promoted(version, act string) {
	w.held = &state.Held{Version: version, By: act}
}

// rotate lets KMS make a fresh value for a managed secret; the version's id makes the call repeatable.
func (w *secretWork) rotate(ctx context.Context) error {
	id, version := w.object.ID, "kp-"+strings.ReplaceAll(w.Intent, "-", "")
	return w.Call(ctx, "RotateSecret", id, map[string]string{detailRotated: version}, func(ctx context.Context) (string, error) {
		return id, settle(w.Manager.RotateSecret(ctx, id, version), func() (bool, error) { return w.holds(ctx, id, version) })
	})
}

// hold records a version that a person made the current one, beside the one that the configuration declares.
func (w *secretWork) hold(r *state.Resource) {
	if w.held == nil {
		return
	}
	h := *w.held
	h.Over = plan.LastWritten(w.Prior)
	if was := heldOf(w.Prior); was != nil {
		h.Over = was.Over
		if h.Put == "" {
			h.Put, h.Fingerprint = was.Put, was.Fingerprint
		}
	}
	r.Held = &h
	others := slices.DeleteFunc(slices.Clone(r.Versions), func(v string) bool { return v == h.Version })
	r.Versions = append(others, h.Version)
}

func heldOf(r *state.Resource) *state.Held {
	if r == nil {
		return nil
	}
	return r.Held
}

// resolveAsked finds out what became of a call that was asked for; ok is false for every other one.
func (w *secretWork) resolveAsked(open state.Intent) (res Resolution, ok bool) {
	switch to, rotated := open.Detail[detailPromoted], open.Detail[detailRotated]; {
	case to != "" && w.object.Current == to:
		w.promoted(to, open.Detail[detailAct])
		return Resolution{Committed: true, Resource: w.result()}, true
	case rotated != "" && slices.Contains(w.object.Versions, rotated):
		return Resolution{Committed: true, Resource: w.result()}, true
	case to != "" || rotated != "":
		return w.undecided(open), true
	}
	return Resolution{}, false
}
