package core

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Guises of an engine are for faults: they carry one call out on the same model
// as it was, or as it would be if its disk were full.

// AsOf returns the engine for reading the model as it was a while ago on the
// virtual clock, at most an hour or 1,024 changes. What writes fails.
func (e *Engine) AsOf(ago time.Duration) *Engine { return e.over(e.Db.AsOf(e.Now().Add(-ago))) }

// FullDisk returns the engine with a full disk: what writes fails with
// InternalFailure and changes nothing.
func (e *Engine) FullDisk() *Engine { return e.over(e.Db.Full()) }

// LateTags returns the engine whose keys and secrets show the tags that they had a
// while ago, and everything else as it is: tags are not listed at once.
func (e *Engine) LateTags(ago time.Duration) *Engine {
	late := e.over(e.Db)
	late.tagsFrom = e.Db.AsOf(e.Now().Add(-ago))
	return late
}

// TagsOfKey are the tags that a key shows.
func (e *Engine) TagsOfKey(k *Key) map[string]string {
	return shown(e, e.Table.Keys, Scope(k.Account, k.Region, k.ID), k, func(k *Key) map[string]string { return k.Tags })
}

// TagsOfSecret are the tags that a secret shows.
func (e *Engine) TagsOfSecret(s *Secret) map[string]string {
	return shown(e, e.Table.Secrets, Scope(s.Account, s.Region, s.Name), s, func(s *Secret) map[string]string { return s.Tags })
}

// shown are the tags of a record, or those that it had when tags are late.
func shown[T any](e *Engine, table store.Table[T], place string, now *T, of func(*T) map[string]string) (tags map[string]string) {
	if e.tagsFrom == nil {
		return of(now)
	}
	_ = e.tagsFrom.View(func(tx *store.Tx) error {
		if old, found := table.Peek(tx, place); found {
			tags = of(old)
		}
		return nil
	})
	return tags
}

// over is the engine on another guise of its store. Time fires nothing in it.
func (e *Engine) over(db *store.DB) *Engine {
	other := &Engine{Db: db, clock: e.clock, Rand: e.Rand, Opts: e.Opts, Table: e.Table, guise: true}
	other.SetCACertificates(e.CaCertificates())
	return other
}
