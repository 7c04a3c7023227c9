// Package queue keeps batches and hands their chunks to workers: one interface, which the packages below it implement
// on one machine (local), over River and PostgreSQL (river), and for shards without a database (shards). Package
// queuetest holds every one of them to it.
//
// A chunk may be delivered twice; what it does twice does no harm, because objects say themselves what was done to them.
//
// Of ours it imports batch and batch/quota.
package queue
