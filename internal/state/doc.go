// Package state is kmsplan's memory between runs: the state's model, the store
// contract with compare-and-swap as its safety and a lock as its politeness, the
// local store, and the journal that makes every mutating call durable before it is made.
//
// Read from the top down: model.go is what is remembered; store.go is what every
// store promises (package statetest checks it); local.go keeps a state in a file;
// journal.go, entry.go and fold.go are the write-ahead journal and how it becomes state;
// edit.go is what `kmsplan state` does; fingerprint.go recognises secret values without keeping them.
//
// Of ours it imports addr, and state/failpoint, which kills the process in crash
// tests and is empty otherwise.
package state
