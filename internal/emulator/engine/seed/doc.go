// Package seed puts objects with ids and material of an author's choice into an
// engine, so that ciphertexts and tests outlive a restart.
//
// It may import core and the parts whose objects it makes. Start reading at Document
// in seed.go.
package seed
