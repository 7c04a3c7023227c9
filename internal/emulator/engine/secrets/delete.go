package secrets

import (
	"strconv"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

type DeleteSecretRequest struct {
	SecretName                 *string // required
	ForceDeleteWithoutRecovery *string // "true" or "false" (default)
	RecoveryWindowInDays       *string // 7–30, default 30; not together with force
}

type DeleteSecretResponse struct{ PlannedDeleteTime, SecretName string }

// deleteSecret starts the recovery window, or deletes at once when forced. The
// name stays taken until the secret is gone (KMS: DeleteSecret).
func deleteSecret(e *core.Engine, c *core.Call, in *DeleteSecretRequest) (out *DeleteSecretResponse, err error) {
	force, err := textFlag("ForceDeleteWithoutRecovery", in.ForceDeleteWithoutRecovery, false)
	if err != nil {
		return nil, err
	}
	days, err := recoveryDays(in.RecoveryWindowInDays, force)
	if err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		s, err := e.SecretNamed(tx, c, "DeleteSecret", core.Text(in.SecretName))
		if err != nil {
			return err
		}
		if !s.DeleteAt.IsZero() {
			return core.ErrDeleteSecretTwice()
		}
		s.DeleteAt = e.Second().Add(time.Duration(days) * core.Day)
		out = &DeleteSecretResponse{PlannedDeleteTime: core.Timestamp(s.DeleteAt), SecretName: s.Name}
		if force {
			return deleteSecretDue(e, tx, s, s.DeleteAt)
		}
		putSecret(e, tx, s)
		return nil
	})
	return out, err
}

// recoveryDays reads the window; forced deletion has none and takes none.
func recoveryDays(v *string, force bool) (int, error) {
	switch {
	case core.Text(v) == "" && force:
		return 0, nil
	case core.Text(v) == "":
		return core.SecretWindowDefault, nil
	case force:
		return 0, core.ErrInvalidParameter("RecoveryWindowInDays")
	}
	days, err := strconv.Atoi(*v)
	if err != nil || days < core.SecretWindowMin || days > core.SecretWindowMax {
		return 0, core.ErrInvalidParameter("RecoveryWindowInDays")
	}
	return days, nil
}

// deleteSecretDue removes a secret and its versions for good.
func deleteSecretDue(e *core.Engine, tx *store.Tx, s *core.Secret, _ time.Time) error {
	for _, id := range s.Versions {
		e.Table.SecretVersion.Delete(tx, core.SecretVersionPlace(s.Account, s.Region, s.Name, id))
	}
	e.Table.Secrets.Delete(tx, s.Place())
	return nil
}

type SecretNameRequest struct{ SecretName *string }

// restoreSecret ends the recovery window (KMS: RestoreSecret). A rotation that
// fell due meanwhile happens at once.
func restoreSecret(e *core.Engine, c *core.Call, in *SecretNameRequest) (out *SecretNameResponse, err error) {
	err = e.Update(func(tx *store.Tx) error {
		s, err := e.SecretNamed(tx, c, "RestoreSecret", core.Text(in.SecretName))
		if err != nil {
			return err
		}
		out = &SecretNameResponse{s.Name}
		if s.DeleteAt.IsZero() && !undocumented.RestoreLiveSecret {
			return core.ErrUnsupportedOperation()
		}
		if s.DeleteAt.IsZero() {
			return nil
		}
		s.DeleteAt = time.Time{}
		if s.Rotate && s.NextRotation.Before(e.Second()) {
			s.NextRotation = e.Second()
		}
		putSecret(e, tx, s)
		return nil
	})
	return out, err
}
