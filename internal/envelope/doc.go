// Package envelope is the kmsplan envelope v1: a container that holds a file
// encrypted under a data key, and that data key wrapped by KMS keys and age
// recipients. docs/envelope-format.md is its normative text.
//
// [Seal] writes an envelope, [Open] and [OpenAt] read one, [ReadHeader] looks
// at one without keys, [Rewrap] and [RewriteHeader] change who can open it
// without touching the body. Wrapping and unwrapping the data key is the
// caller's, through [Recipient] and [Identity]; this package calls no network
// and imports nothing of kmsplan but its own cobblestone (the body) and the switches of package safety.
//
// Start with header.go (what a header says), then slots.go (where it stands in
// the file), seal.go and open.go.
package envelope
