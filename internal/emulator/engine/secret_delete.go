package engine

import (
	"strconv"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

type deleteSecretRequest struct {
	SecretName                 *string // required
	ForceDeleteWithoutRecovery *string // "true" or "false" (default)
	RecoveryWindowInDays       *string // 7–30, default 30; not together with force
}

type deleteSecretResponse struct{ PlannedDeleteTime, SecretName string }

// deleteSecret starts the recovery window, or deletes at once when forced. The
// name stays taken until the secret is gone (KMS: DeleteSecret).
func (e *Engine) deleteSecret(c *Call, in *deleteSecretRequest) (out *deleteSecretResponse, err error) {
	force, err := textFlag("ForceDeleteWithoutRecovery", in.ForceDeleteWithoutRecovery, false)
	if err != nil {
		return nil, err
	}
	days, err := recoveryDays(in.RecoveryWindowInDays, force)
	if err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		s, err := e.secretNamed(tx, c, "DeleteSecret", text(in.SecretName))
		if err != nil {
			return err
		}
		if !s.DeleteAt.IsZero() {
			return errDeleteSecretTwice()
		}
		s.DeleteAt = e.second().Add(time.Duration(days) * day)
		out = &deleteSecretResponse{PlannedDeleteTime: timestamp(s.DeleteAt), SecretName: s.Name}
		if force {
			return e.deleteSecretDue(tx, s, s.DeleteAt)
		}
		e.putSecret(tx, s)
		return nil
	})
	return out, err
}

// recoveryDays reads the window; forced deletion has none and takes none.
func recoveryDays(v *string, force bool) (int, error) {
	switch {
	case text(v) == "" && force:
		return 0, nil
	case text(v) == "":
		return secretWindowDefault, nil
	case force:
		return 0, errInvalidParameter("RecoveryWindowInDays")
	}
	days, err := strconv.Atoi(*v)
	if err != nil || days < secretWindowMin || days > secretWindowMax {
		return 0, errInvalidParameter("RecoveryWindowInDays")
	}
	return days, nil
}

// deleteSecretDue removes a secret and its versions for good.
func (e *Engine) deleteSecretDue(tx *store.Tx, s *Secret, _ time.Time) error {
	for _, id := range s.Versions {
		e.table.secretVersion.Delete(tx, secretVersionPlace(s.Account, s.Region, s.Name, id))
	}
	e.table.secrets.Delete(tx, s.place())
	return nil
}

type secretNameRequest struct{ SecretName *string }

// restoreSecret ends the recovery window (KMS: RestoreSecret). A rotation that
// fell due meanwhile happens at once.
func (e *Engine) restoreSecret(c *Call, in *secretNameRequest) (out *secretNameResponse, err error) {
	err = e.update(func(tx *store.Tx) error {
		s, err := e.secretNamed(tx, c, "RestoreSecret", text(in.SecretName))
		if err != nil {
			return err
		}
		out = &secretNameResponse{s.Name}
		if s.DeleteAt.IsZero() && !undocumented.RestoreLiveSecret {
			return errUnsupportedOperation()
		}
		if s.DeleteAt.IsZero() {
			return nil
		}
		s.DeleteAt = time.Time{}
		if s.Rotate && s.NextRotation.Before(e.second()) {
			s.NextRotation = e.second()
		}
		e.putSecret(tx, s)
		return nil
	})
	return out, err
}
