// Package work does what a batch does to one object, and to a chunk of them: it reads the header, skips what is at the
// target already without a call, and gives the others a new wrap or a new content, proved before the old one goes.
//
// Start reading at Worker, then Object and Chunk. Of ours it imports batch and its rooms, ops/keys, ops for heads, document,
// envelope and kms.
package work
