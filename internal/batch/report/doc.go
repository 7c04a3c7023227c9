// Package report tells what became of a batch: lines of JSON for programs and for keeping, and CSV with the columns that users
// of S3 Batch Operations know. The same batch gives the same report, byte for byte, so that its digest names it.
//
// Start reading at Write. Of ours it imports batch and its queue.
package report
