package resource

import (
	"context"
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// rotateSecrets sends a policy to those of its secrets that rotate differently.
func (s *Session) rotateSecrets(ctx context.Context, want plan.Rotation) error {
	names := plan.Strings(unmarked(s.Body.Attrs["secrets"]))
	slices.Sort(names)
	for _, name := range names {
		if err := s.rotateSecret(ctx, want, name); err != nil {
			return fmt.Errorf("UpdateSecretRotationPolicy of secret %s for %s: %w", name, s.Change.Addr, err)
		}
	}
	return nil
}

func (s *Session) rotateSecret(ctx context.Context, want plan.Rotation, name string) error {
	info, err := s.Manager.DescribeSecret(ctx, name)
	if err != nil || !want.Differs(secretRotation(info)) {
		return err
	}
	after, err := every(want)
	if err != nil {
		return err
	}
	err = s.Call(ctx, "UpdateSecretRotationPolicy", name, map[string]string{"interval": interval(after)}, func(ctx context.Context) (string, error) {
		return name, settle(s.Manager.UpdateSecretRotationPolicy(ctx, name, want.Enabled, after), func() (bool, error) {
			info, err := s.Manager.DescribeSecret(ctx, name)
			return err == nil && !want.Differs(secretRotation(info)), err
		})
	})
	if err != nil || s.Seen == nil {
		return err
	}
	if info, err = s.Manager.DescribeSecret(ctx, name); err != nil {
		return fmt.Errorf("read it after its change: %w", err)
	}
	return s.Seen(secretRotation(info))
}

// secretRotation is a secret as far as a policy changes it.
func secretRotation(info kms.SecretInfo) *plan.Object {
	all := secretObject(info, nil)
	some := &plan.Object{Kind: plan.KindSecret, ID: info.Name, Attrs: map[string]cty.Value{}}
	for _, name := range []string{"automatic_rotation", "rotation_interval", "last_rotation", "next_rotation"} {
		some.Attrs[name] = all.Attrs[name]
	}
	return some
}
