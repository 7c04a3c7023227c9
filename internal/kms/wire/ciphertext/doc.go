// Package ciphertext knows the layout of what KMS encrypted: the OpenAPI's form, which is the one that is
// stored, the instance gateway's, the AAD that an encryption context stands for, and how plaintext of one
// gateway reads at the other.
//
// It is pure and imports the standard library only. Start reading at blob.go.
package ciphertext
