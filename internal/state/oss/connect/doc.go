// Package connect makes clients of Alibaba Cloud's Object Storage Service for whatever of ours keeps something there: the
// vendor's SDK with its retries off, signatures V4, TLS except on this machine, no redirect, credentials that are looked for
// with each call.
//
// Read connect.go. Of ours it imports state/remote.
package connect
