// Package river is the queue of batches over River (riverqueue.com) and PostgreSQL, for many workers on many machines. It
// is the only package that knows River.
//
// Who knows what: tables of ours, beside River's in one schema, are the truth of a batch: its status, its chunks, how far
// each is, what failed, the shared quota, which workers live. River carries: one job a chunk, in one River queue a batch,
// so that a chunk reaches a worker, comes again after an error with a delay, and is seen in River's own pages. Whatever
// River's table says wrongly (a job that is rescued twice, finished too early, lost) costs a delivery and nothing else: a
// chunk is taken in our table or not at all, each taking makes a new attempt, a step of an older attempt is refused, and
// mend.go gives an unfinished chunk without a job a new one.
//
// Nothing of a session is relied on (no LISTEN, no prepared statements, no advisory locks but inside the migration's
// transaction), so that a pooler in transaction mode changes nothing: River polls, always.
//
// Read schema.go, then work.go, take.go, step.go and watch.go. Of ours it imports batch, batch/queue, batch/quota,
// state/pg/connect and safety.
package river
