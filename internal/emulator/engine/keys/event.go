package keys

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Reactions are what time does to keys.
func Reactions() map[string]core.Reaction {
	on := func(change func(*core.Engine, *store.Tx, *core.Fired, *core.Key, time.Time) error) core.Reaction {
		return func(e *core.Engine, tx *store.Tx, f *core.Fired, place string, until time.Time) error {
			k, _ := e.Table.Keys.Get(tx, place)
			f.Account, f.Region, f.Resource = k.Account, k.Region, k.ID
			return change(e, tx, f, &k, until)
		}
	}
	return map[string]core.Reaction{
		core.EventKeyRotated: on(fireRotation),
		core.EventMaterialExpired: on(func(e *core.Engine, tx *store.Tx, _ *core.Fired, k *core.Key, _ time.Time) error {
			return dropMaterial(e, tx, k)
		}),
		core.EventKeyDeleted: on(func(e *core.Engine, tx *store.Tx, _ *core.Fired, k *core.Key, _ time.Time) error {
			return DeleteKey(e, tx, k)
		}),
	}
}

// fireRotation rotates the key, or, where the version quota is used up, skips all
// its turns up to until, so that time goes on.
func fireRotation(e *core.Engine, tx *store.Tx, f *core.Fired, k *core.Key, until time.Time) error {
	if err := versionQuota(e, tx, k); err != nil {
		missed := until.Sub(f.At) / k.RotateEvery
		k.LastRotation = f.At.Add(missed * k.RotateEvery)
		f.Detail = "skipped: " + err.Error()
		e.PutKey(tx, k)
		return nil
	}
	v, err := addVersion(e, tx, k, f.At)
	if err != nil {
		return err
	}
	f.Detail = v.ID
	e.PutKey(tx, k)
	return nil
}
