package secrets

import (
	"math"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// setRotation applies EnableAutomaticRotation and RotationInterval (6–8,760
// hours) from an instant on. Only managed secrets rotate (KMS: CreateSecret).
func setRotation(s *core.Secret, enable *bool, every *string, from time.Time) error {
	if !core.Flag(enable) {
		s.Rotate, s.NextRotation = false, time.Time{}
		return nil
	}
	if !managed(s) {
		return core.ErrInvalidParameter("EnableAutomaticRotation")
	}
	value, err := core.Required("RotationInterval", every)
	if err != nil {
		return err
	}
	d, err := core.ParseInterval("RotationInterval", value)
	if err != nil {
		return err
	}
	if d < core.SecretRotationMin || d > core.SecretRotationMax {
		return core.ErrInvalidParameter("RotationInterval")
	}
	s.Rotate, s.RotateEvery, s.NextRotation = true, d, from.Add(d)
	return nil
}

// rotationAnswer is the rotation as answers show it: of generic secrets nothing
// (KMS: DescribeSecret); interval and next date are there only while it is on.
func rotationAnswer(s *core.Secret) (automatic, every, next string) {
	if !managed(s) {
		return "", "", ""
	}
	if !s.Rotate {
		return "Disabled", "", ""
	}
	return "Enabled", core.Interval(s.RotateEvery), core.Timestamp(s.NextRotation)
}

type UpdateSecretRotationPolicyRequest struct {
	SecretName              *string // required
	EnableAutomaticRotation *bool   // required
	RotationInterval        *string // needed to switch on
}

// updateSecretRotationPolicy switches a managed secret's rotation. The interval
// counts from the last rotation; one that is overdue by it happens at once.
func updateSecretRotationPolicy(e *core.Engine, c *core.Call, in *UpdateSecretRotationPolicyRequest) (out *SecretNameResponse, err error) {
	if in.EnableAutomaticRotation == nil {
		return nil, core.ErrMissingParameter("EnableAutomaticRotation")
	}
	err = e.Update(func(tx *store.Tx) error {
		s, err := managedSecret(e, tx, c, "UpdateSecretRotationPolicy", in.SecretName)
		if err != nil {
			return err
		}
		if err := setRotation(s, in.EnableAutomaticRotation, in.RotationInterval, lastRotation(s)); err != nil {
			return err
		}
		if now := e.Second(); s.Rotate && s.NextRotation.Before(now) {
			s.NextRotation = now
		}
		s.Updated = e.Second()
		putSecret(e, tx, s)
		out = &SecretNameResponse{s.Name}
		return nil
	})
	return out, err
}

// lastRotation is the instant the present value dates from.
func lastRotation(s *core.Secret) time.Time {
	if s.LastRotation.IsZero() {
		return s.Created.Truncate(time.Second)
	}
	return s.LastRotation
}

type RotateSecretRequest struct{ SecretName, VersionId *string } // both required

type RotateSecretResponse struct{ Arn, SecretName, VersionId string }

// rotateSecret rotates a managed secret now; the version id makes it idempotent
// (KMS: RotateSecret).
func rotateSecret(e *core.Engine, c *core.Call, in *RotateSecretRequest) (out *RotateSecretResponse, err error) {
	id, err := secretVersionID(in.VersionId)
	if err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		s, err := managedSecret(e, tx, c, "RotateSecret", in.SecretName)
		if err != nil {
			return err
		}
		if _, err := secretKeyReady(e, tx, s, "GenerateDataKey"); err != nil {
			return err
		}
		out = &RotateSecretResponse{Arn: s.Arn(), SecretName: s.Name, VersionId: id}
		if versionsOf(e, tx, s).byID(id) != nil {
			return nil
		}
		if err := countRotation(e, s); err != nil {
			return err
		}
		return rotateTo(e, tx, s, id, e.Second())
	})
	return out, err
}

// countRotation refuses a rotation too many within an hour, and counts this one
// (KMS: RotateSecret, at most 50 times an hour).
func countRotation(e *core.Engine, s *core.Secret) error {
	if e.Opts.Quotas.SecretRotations == math.MaxInt {
		return nil
	}
	now := e.Second()
	s.Rotations = slices.DeleteFunc(s.Rotations, func(at time.Time) bool { return !at.After(now.Add(-time.Hour)) })
	if len(s.Rotations) >= e.Opts.Quotas.SecretRotations {
		return core.Refuse(undocumented.RotationsPerHourStatus, undocumented.RotationsPerHourCode, "The rotation quota of the secret is exceeded.")
	}
	s.Rotations = append(s.Rotations, now)
	return nil
}

// rotateSecretDue is a managed secret's automatic rotation. While the key that
// encrypts the value cannot be used, the turn is skipped.
func rotateSecretDue(e *core.Engine, tx *store.Tx, s *core.Secret, at time.Time) error {
	if _, err := secretKeyReady(e, tx, s, "GenerateDataKey"); err != nil {
		s.NextRotation = at.Add(s.RotateEvery)
		putSecret(e, tx, s)
		return nil
	}
	id, err := e.NewUUID()
	if err != nil {
		return err
	}
	return rotateTo(e, tx, s, id, at)
}

// rotateTo gives the secret a new value, in its simulated target and here, as the
// version id labelled ACSCurrent.
func rotateTo(e *core.Engine, tx *store.Tx, s *core.Secret, id string, at time.Time) error {
	current := versionsOf(e, tx, s).holder(stageCurrent)
	if current == nil {
		return core.ErrResourceNotFound()
	}
	data, err := renewCredential(e, string(current.Data), doubleUsers(s))
	if err != nil {
		return err
	}
	s.LastRotation = at
	if s.Rotate {
		s.NextRotation = at.Add(s.RotateEvery)
	}
	v := &core.SecretVersion{ID: id, Data: []byte(data), DataType: secretText, Created: at}
	_, err = addSecretVersion(e, tx, s, v, []string{stageCurrent})
	return err
}
