// Package oss is a source whose objects are a bucket's of Alibaba Cloud's Object Storage Service.
//
// OSS has no conditional write of an object. So the bucket has to keep versions: a write looks right before it whether the
// object still is the version that was opened, and right after it which versions there are. One that another wrote in
// between stays below ours, and is named; nothing is ever deleted. What became of a write whose answer was lost is found
// among the versions too.
//
// What stays of a large object is copied by the service from the version that was opened, so that few bytes move.
//
// It is tried on the emulator's object service, through the vendor's SDK, and on no real OSS.
//
// Read options.go, handle.go, then replace.go. Of ours it imports batch/source, state/oss/connect for its client and
// state/remote for its retries.
package oss
