// Package resource reads and changes the managed kinds: keys, aliases, rotation
// policies and secrets. Snapshot reads a region into a plan.Live, list-first. Each kind has a
// Handler that carries out one planned change, and finds out what became of a call
// whose answer was lost.
//
// A handler makes every mutating call through Session.Call, between an intent and
// its result in the journal. It never decides what to do, only how: the decisions are in package
// plan, which imports nothing of this.
//
// It imports hcl, plan, state and kms. Start reading at Handler in session.go, then
// Snapshot, then key.go.
package resource
