// Package public is the client of the public gateway (management, and cryptography for accounts without an
// instance) and, given an instance's endpoint and CA, of its dedicated gateway with RAM credentials.
//
// The vendor's SDK builds and signs a request and never sends it: the exchange is ours, and all parameters
// travel in the form body. It imports internal/kms, transport, compare and the layout of ciphertext. Start
// reading at call.go, which is one call from top to bottom.
package public
