// Package oss is the object service beside the emulator's KMS, as far as a state and batches need it: buckets with and
// without versioning, objects, append objects and uploads of parts, on the wire of Alibaba Cloud's Object Storage Service, with its signatures
// (V1 and V4, in the Authorization header) and its error codes. What was answered is durable.
//
// What it does not have is refused with NotImplemented. Read handler.go first, then sign.go for who calls, bucket.go,
// object.go, append.go, multipart.go and versions.go for what is done, records.go for what is kept. It may import the emulator's store, engine and
// public, for the records, the credentials and the modes of authentication, and nothing else of ours.
package oss
