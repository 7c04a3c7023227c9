package resource

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

type rotationHandler struct{}

func (rotationHandler) wishKnown(*wish, *state.Resource) {} // the service has no such object

func (rotationHandler) wishDeclared(w *wish, d declaration) {
	for _, id := range plan.Strings(unmarked(d.attrs()["keys"])) {
		w.keys[id] = true
	}
	for _, name := range plan.Strings(unmarked(d.attrs()["secrets"])) {
		w.secrets[name] = true
	}
}

// Apply sends the policy to the keys and secrets that rotate differently, and to no other:
// sending an equal policy again would move the date of the next rotation.
func (h rotationHandler) Apply(ctx context.Context, s *Session) (*state.Resource, error) {
	if s.Change.Action == plan.Forget {
		return nil, nil
	}
	want := plan.RotationOf(s.Body.Attrs)
	if len(s.Change.Calls) > 0 {
		keys := plan.Strings(unmarked(s.Body.Attrs["keys"]))
		slices.Sort(keys)
		for _, id := range keys {
			if err := h.rotate(ctx, s, want, id); err != nil {
				return nil, fmt.Errorf("UpdateRotationPolicy of key %s for %s: %w", id, s.Change.Addr, err)
			}
		}
		if err := s.rotateSecrets(ctx, want); err != nil {
			return nil, err
		}
	}
	r := s.record(s.policyObject())
	return &r, nil
}

// policyObject is a policy as state keeps it: what configuration says, because
// the service knows no such object.
func (s *Session) policyObject() *plan.Object {
	attrs := map[string]cty.Value{}
	for name, v := range s.Body.Attrs {
		attrs[name] = unmarked(v)
	}
	for _, list := range []string{"keys", "secrets"} {
		if _, written := attrs[list]; !written && s.Prior != nil && s.Prior.Attributes[list] != nil {
			attrs[list] = cty.NullVal(cty.Set(cty.String)) // it was taken out
		}
	}
	return &plan.Object{Kind: plan.KindRotation, ID: s.Change.Addr.String(), Attrs: attrs}
}

func (rotationHandler) rotate(ctx context.Context, s *Session, want plan.Rotation, id string) error {
	key, err := s.Manager.DescribeKey(ctx, id)
	if err != nil || !want.Differs(keyObject(key, nil)) {
		return err
	}
	in := kms.RotationPolicyInput{KeyID: id, Rotate: want.Enabled}
	if in.RotateEvery, err = every(want); err != nil {
		return err
	}
	err = s.Call(ctx, "UpdateRotationPolicy", id, map[string]string{"interval": interval(in.RotateEvery)}, func(ctx context.Context) (string, error) {
		return id, settle(s.Manager.UpdateRotationPolicy(ctx, in), func() (bool, error) {
			k, err := s.Manager.DescribeKey(ctx, id)
			return err == nil && !want.Differs(keyObject(k, nil)), err
		})
	})
	if err != nil {
		return err
	}
	return s.seen(ctx, id)
}

// seen reads a key whose rotation changed, so that state and outputs have what the service makes
// of it: the dates, and whether it rotates at all.
func (s *Session) seen(ctx context.Context, id string) error {
	if s.Seen == nil {
		return nil
	}
	key, err := s.Manager.DescribeKey(ctx, id)
	if err != nil {
		return fmt.Errorf("read it after its change: %w", err)
	}
	o := keyObject(key, nil)
	delete(o.Attrs, "tags") // not read
	return s.Seen(o)
}

// every is the interval to send: none to switch rotation off.
func every(want plan.Rotation) (*time.Duration, error) {
	if !want.Enabled {
		return nil, nil
	}
	d, err := kind.ParseDuration(text(want.Interval))
	return &d, err
}

func interval(d *time.Duration) string {
	if d == nil {
		return "off"
	}
	return d.String()
}

// Resolve leaves the policy as state has it: the next plan compares every key
// and secret with it and sends what is missing.
func (rotationHandler) Resolve(_ context.Context, s *Session, _ state.Intent) (Resolution, error) {
	return Resolution{Untold: true, Resource: s.Prior}, nil
}
