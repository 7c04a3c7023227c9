package engine

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Guises of an engine are for faults: they carry one call out on the same model
// as it was, or as it would be if its disk were full.

// AsOf returns the engine for reading the model as it was a while ago on the
// virtual clock, at most an hour or 1,024 changes. What writes fails.
func (e *Engine) AsOf(ago time.Duration) *Engine { return e.over(e.db.AsOf(e.now().Add(-ago))) }

// FullDisk returns the engine with a full disk: what writes fails with
// InternalFailure and changes nothing.
func (e *Engine) FullDisk() *Engine { return e.over(e.db.Full()) }

// over is the engine on another guise of its store. Time fires nothing in it.
func (e *Engine) over(db *store.DB) *Engine {
	other := &Engine{db: db, clock: e.clock, rand: e.rand, opts: e.opts, table: e.table, guise: true}
	other.SetCACertificates(e.caCertificates())
	return other
}
