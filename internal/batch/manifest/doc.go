// Package manifest lists the objects of a batch: it walks a source or a list, reads the headers of what it finds, and
// writes what a batch is to deal with, in order and in chunks, into a file that does not change any more. What it counts on the way is the plan
// that people approve: objects by key and version, calls, and hours at the quota.
//
// Start reading at Make; file.go is the file, cost.go what a plan costs. Of ours it imports batch and its rooms, and kind for
// patterns.
package manifest
