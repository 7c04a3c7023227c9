// Package shards is the queue of workers that have no database: each works on a part of the chunks that its number gives it,
// and what it did stands in an object of its own. A ledger is a directory that all of them see, or a prefix of a bucket
// (s3://, oss://).
//
//	batches            what batches there are, and what each is doing: read by every worker every few seconds, changed by
//	                   compare-and-swap (start, pause, resume, cancel, rate; done, and too many failures, by workers)
//	batches.d/         the chunks with their entries (package parts), an object each
//	batches@RUN-shard-00003-of-00010
//	                   what the fourth of ten shards did: replaced whole, by compare-and-swap, with every step. Steps of chunks
//	                   that are done move to objects beside it, so that it stays small
//
// A worker that begins takes its shard: it counts the shard's epoch up. Another that had it before notices with its next step
// (queue.ErrStale) and ends, so that two pods of one index do no harm, and the one that began last goes on.
//
// The first worker says how many shards there are, for the whole of the batch. A worker whose chunks are done ends, where it
// works once, or when the batch is not running; a pod that shall wait for a start calls Work again.
//
// Stores are those of the state (internal/state/remote). Start reading at Queue, then control.go and ledger.go. Of ours it
// imports batch, batch/quota, batch/queue, its parts and turns, durable, and the stores of the state.
package shards
