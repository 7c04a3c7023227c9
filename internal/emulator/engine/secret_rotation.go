package engine

import (
	"math"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// setRotation applies EnableAutomaticRotation and RotationInterval (6–8,760
// hours) from an instant on. Only managed secrets rotate (KMS: CreateSecret).
func (s *Secret) setRotation(enable *bool, every *string, from time.Time) error {
	if !flag(enable) {
		s.Rotate, s.NextRotation = false, time.Time{}
		return nil
	}
	if !s.managed() {
		return errInvalidParameter("EnableAutomaticRotation")
	}
	value, err := required("RotationInterval", every)
	if err != nil {
		return err
	}
	d, err := parseInterval("RotationInterval", value)
	if err != nil {
		return err
	}
	if d < secretRotationMin || d > secretRotationMax {
		return errInvalidParameter("RotationInterval")
	}
	s.Rotate, s.RotateEvery, s.NextRotation = true, d, from.Add(d)
	return nil
}

// rotationAnswer is the rotation as answers show it; interval and next date are
// there only while it is on.
func (s *Secret) rotationAnswer() (automatic, every, next string) {
	if !s.Rotate {
		return "Disabled", "", ""
	}
	return "Enabled", interval(s.RotateEvery), timestamp(s.NextRotation)
}

type updateSecretRotationPolicyRequest struct {
	SecretName              *string // required
	EnableAutomaticRotation *bool   // required
	RotationInterval        *string // needed to switch on
}

// updateSecretRotationPolicy switches a managed secret's rotation. The interval
// counts from the last rotation; one that is overdue by it happens at once.
func (e *Engine) updateSecretRotationPolicy(c *Call, in *updateSecretRotationPolicyRequest) (out *secretNameResponse, err error) {
	if in.EnableAutomaticRotation == nil {
		return nil, errMissingParameter("EnableAutomaticRotation")
	}
	err = e.update(func(tx *store.Tx) error {
		s, err := e.managedSecret(tx, c, "UpdateSecretRotationPolicy", in.SecretName)
		if err != nil {
			return err
		}
		if err := s.setRotation(in.EnableAutomaticRotation, in.RotationInterval, s.lastRotation()); err != nil {
			return err
		}
		if now := e.second(); s.Rotate && s.NextRotation.Before(now) {
			s.NextRotation = now
		}
		s.Updated = e.second()
		e.putSecret(tx, s)
		out = &secretNameResponse{s.Name}
		return nil
	})
	return out, err
}

// lastRotation is the instant the present value dates from.
func (s *Secret) lastRotation() time.Time {
	if s.LastRotation.IsZero() {
		return s.Created.Truncate(time.Second)
	}
	return s.LastRotation
}

type rotateSecretRequest struct{ SecretName, VersionId *string } // both required

type rotateSecretResponse struct{ Arn, SecretName, VersionId string }

// rotateSecret rotates a managed secret now; the version id makes it idempotent
// (KMS: RotateSecret).
func (e *Engine) rotateSecret(c *Call, in *rotateSecretRequest) (out *rotateSecretResponse, err error) {
	id, err := secretVersionID(in.VersionId)
	if err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		s, err := e.managedSecret(tx, c, "RotateSecret", in.SecretName)
		if err != nil {
			return err
		}
		if _, err := e.secretKeyReady(tx, s, "GenerateDataKey"); err != nil {
			return err
		}
		out = &rotateSecretResponse{Arn: s.arn(), SecretName: s.Name, VersionId: id}
		if e.versionsOf(tx, s).byID(id) != nil {
			return nil
		}
		if err := e.countRotation(s); err != nil {
			return err
		}
		return e.rotateTo(tx, s, id, e.second())
	})
	return out, err
}

// countRotation refuses a rotation too many within an hour, and counts this one
// (KMS: RotateSecret, at most 50 times an hour).
func (e *Engine) countRotation(s *Secret) error {
	if e.opts.Quotas.SecretRotations == math.MaxInt {
		return nil
	}
	now := e.second()
	s.Rotations = slices.DeleteFunc(s.Rotations, func(at time.Time) bool { return !at.After(now.Add(-time.Hour)) })
	if len(s.Rotations) >= e.opts.Quotas.SecretRotations {
		return refuse(undocumented.RotationsPerHourStatus, undocumented.RotationsPerHourCode, "The rotation quota of the secret is exceeded.")
	}
	s.Rotations = append(s.Rotations, now)
	return nil
}

// rotateSecretDue is a managed secret's automatic rotation. While the key that
// encrypts the value cannot be used, the turn is skipped.
func (e *Engine) rotateSecretDue(tx *store.Tx, s *Secret, at time.Time) error {
	if _, err := e.secretKeyReady(tx, s, "GenerateDataKey"); err != nil {
		s.NextRotation = at.Add(s.RotateEvery)
		e.putSecret(tx, s)
		return nil
	}
	id, err := e.newUUID()
	if err != nil {
		return err
	}
	return e.rotateTo(tx, s, id, at)
}

// rotateTo gives the secret a new value, in its simulated target and here, as the
// version id labelled ACSCurrent.
func (e *Engine) rotateTo(tx *store.Tx, s *Secret, id string, at time.Time) error {
	current := e.versionsOf(tx, s).holder(stageCurrent)
	if current == nil {
		return errResourceNotFound()
	}
	data, err := e.renewCredential(string(current.Data), s.doubleUsers())
	if err != nil {
		return err
	}
	s.LastRotation = at
	if s.Rotate {
		s.NextRotation = at.Add(s.RotateEvery)
	}
	v := &SecretVersion{ID: id, Data: []byte(data), DataType: secretText, Created: at}
	_, err = e.addSecretVersion(tx, s, v, []string{stageCurrent})
	return err
}
