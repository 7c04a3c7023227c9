// Package s3 is the place of a state in a bucket of S3, or of a store that speaks its protocol: one object for the head,
// which is replaced by If-Match and made by If-None-Match, and objects below it for states and older parts of the
// journal.
//
// A store that takes a write whose condition does not hold is refused when it is measured (remote.Measure); its name is
// not believed. Read options.go and place.go. Of ours it imports state/remote and state/s3client.
package s3
