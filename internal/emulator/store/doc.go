// Package store keeps the emulator's model: typed tables held whole in memory
// and written through to one bbolt file, sealed under a root key.
//
// Reads work on an immutable snapshot and take no lock. Writes are queued and
// committed in groups: one fsync serves every Update that waited for it, and a
// reader never sees a state that is not yet durable. An Update is all or
// nothing, in memory and on disk.
//
// It may import the standard library, bbolt, flock and x/sys, and nothing of
// ours. Start reading at DB (store.go), then Tx (tx.go) and Table (table.go).
package store
