// Package crypto holds the operations that use keys: encryption, data keys and
// signatures as the public and dedicated gateways offer them, and those of the
// instance gateway with their own formats. The algorithms are in package crypt.
//
// It may import core, crypt, store, undocumented and the instance gateway's messages
// (kms/wire/dkms). Start reading at operations.go and use.go.
package crypto
