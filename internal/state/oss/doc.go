// Package oss is the place of a state in a bucket of Alibaba Cloud's Object Storage Service. OSS has no conditional
// write of an object; what it has is AppendObject, which takes effect at exactly the length that the writer saw, in
// versioned buckets too.
//
// So the head is the last whole record of a log: an append object. A new head is a record that is appended where the
// replaced one ended, and the revision of a head is the log's name with the position of its end. States and older
// parts of the journal are objects beside the log that are written once. A log that has become long is followed by a
// new one: the new one is written first, and the record in the old one that points to it is the commit. No log is ever deleted,
// because its length is what keeps writers apart.
//
// It is tried on the emulator's object service, through the vendor's SDK, and on no real OSS.
//
// Read record.go, place.go, then options.go. Of ours it imports state and state/remote.
package oss
