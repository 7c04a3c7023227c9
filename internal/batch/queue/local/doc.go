// Package local is the queue of one machine: a directory, on which several processes work at once.
//
// Each batch is a directory of its own in it:
//
//	manifest  the chunks and their entries (package parts); written once, in place when it is whole
//	ledger    what happened, a line each: created, changed, claimed, let go, step. It is in place once the manifest is, and
//	          a batch is there once its ledger is.
//	lock      held (flock) by who appends to the ledger
//
// Every process folds the ledger as it grows. A line is on disk before anybody acts on it; one that a crash tore is the last
// one, was never acted on, and is left out. What a ledger decides (that a batch is done, that too many failed) is decided by
// folding it, so that no crash comes between a step and what follows from it.
//
// A chunk belongs to who claimed it for as long as that worker's own lock file is held: the system lets go of it when the
// process dies, whose chunks are then taken up at once.
//
// Start reading at Queue, then fold.go and ledger.go. Of ours it imports batch, batch/quota, batch/queue, its parts and
// turns, and durable.
package local
