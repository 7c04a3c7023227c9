// Package keycache keeps opened data keys in one process beside the many that git starts, so that a repository's history
// costs one KMS call a data key and not one a file. It holds data keys and nothing else: no credentials, no plaintext, no
// connection to anywhere. Who asks must be the same user, by the kernel's word; it ends by itself.
//
// It may import nothing of ours. Start reading at Server; client.go is who asks, place.go where the socket lies.
package keycache
