// Package s3client makes clients of stores that speak S3's protocol, for the state and for batches alike: where they
// connect to, whom they trust, and where credentials come from. A client tries each call once; who holds it tries again.
//
// Of ours it imports state/remote. Start reading at Open.
package s3client
