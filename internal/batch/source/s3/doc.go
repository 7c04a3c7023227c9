// Package s3 is the source of batches whose objects lie in a bucket of S3, or of a store that speaks its protocol. An
// object's name is its whole key, its revision its ETag.
//
// No write is made without its condition: a small object is written by PutObject with If-Match. Of a large one the store
// copies the kept bytes itself (UploadPartCopy, on the condition that the source still is the one that was opened), and
// CompleteMultipartUpload has If-Match. Whether a store keeps to these conditions is measured, not believed: what it does not
// honour for whole objects ends the batch; where only multipart uploads have none, a large object is sent whole through one
// PutObject with If-Match, and one whose length is not known is refused.
//
// Kept are the user's metadata, tags, storage class, server-side encryption, redirect, and the headers of the content; access
// lists (ACL) are not, as with every copy in S3. An object under a retention rule or a legal hold, one of a customer's key
// (SSE-C), and one whose metadata S3 does not tell are refused.
//
// Tried on: gofakes3 v1.2.0 as it is, which has If-Match on PutObject and neither a condition on CompleteMultipartUpload nor
// UploadPartCopy, so that large objects go whole; and gofakes3 behind a front that adds these, conditional reads and tags
// (package s3test), where 5 MiB of a large object are sent and the store copies the rest. Not tried on AWS itself.
//
// Every request ends: one that moves no byte for a minute is given up (stall.go), and tried again a few times (call.go). Read
// source.go, handle.go and replace.go. Of ours it imports batch/source and state/s3client.
package s3
