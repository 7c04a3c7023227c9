// Package local keeps a state in a file: STATE, and beside it STATE.d with its last generations, STATE.journal
// while calls are not folded in, and STATE.lock while someone works. Every file is its owner's alone.
//
// The newest whole generation is the state; STATE is its copy, for people and for what they put there. A
// generation's name is taken exclusively, so that compare-and-swap holds whatever the file system's locks do.
// The journal's file is exchanged for a new one by whoever takes it over, so that the writer before notices.
//
// It imports state, durable and failpoint. Start reading at Store, then swap.go and tx.go.
package local
