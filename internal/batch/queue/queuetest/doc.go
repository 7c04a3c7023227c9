// Package queuetest holds every queue of batches to what package queue promises: who implements one runs Suite, with a Rig
// that opens it as often as there are processes. Memory is a queue for tests of what works on one.
//
// Start reading at Suite. Of ours it imports batch, batch/queue and batch/quota.
package queuetest
