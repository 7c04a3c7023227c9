// Package state is kmsplan's memory between runs: the state's model, the contract of the stores that keep it,
// and the journal that makes every mutating call durable before it is made.
//
// Read from the top down: model.go is what is remembered; store.go is what every store promises (package statetest
// checks it; local and memory are stores); journal.go is one writer's journal over a store's transaction, entry.go what it
// says, fold.go how it becomes state, position.go what a store knows altogether; upgrade.go reads older formats;
// edit.go is what `kmsplan state` does; fingerprint.go recognises secret values without keeping them.
//
// Of ours it imports addr.
package state
