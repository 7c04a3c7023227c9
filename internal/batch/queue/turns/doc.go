// Package turns is what workers on queues without a database have in common: as many chunks at once as they may, one after the
// other, and a pause that grows after those that ended in an error.
//
// Start reading at Work. Of ours it imports batch/queue.
package turns
