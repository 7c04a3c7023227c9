package secrets

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Reactions are what time does to secrets.
func Reactions() map[string]core.Reaction {
	on := func(change func(*core.Engine, *store.Tx, *core.Fired, *core.Secret, string) error) core.Reaction {
		return func(e *core.Engine, tx *store.Tx, f *core.Fired, place string, _ time.Time) error {
			s, _ := e.Table.Secrets.Get(tx, place)
			f.Account, f.Region, f.Resource = s.Account, s.Region, s.Name
			return change(e, tx, f, &s, place)
		}
	}
	return map[string]core.Reaction{
		core.EventSecretRotated: on(fireSecretRotation),
		core.EventSecretDeleted: on(func(e *core.Engine, tx *store.Tx, f *core.Fired, s *core.Secret, _ string) error {
			return deleteSecretDue(e, tx, s, f.At)
		}),
	}
}

func fireSecretRotation(e *core.Engine, tx *store.Tx, f *core.Fired, s *core.Secret, place string) error {
	if err := rotateSecretDue(e, tx, s, f.At); err != nil {
		return err
	}
	// Time must go on even if the rotation left its own date behind.
	if s, found := e.Table.Secrets.Get(tx, place); found && s.Rotate && !s.NextRotation.After(f.At) {
		s.NextRotation = f.At.Add(max(s.RotateEvery, time.Hour))
		e.Table.Secrets.Put(tx, place, s)
	}
	return nil
}
