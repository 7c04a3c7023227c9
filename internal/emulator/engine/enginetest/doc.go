// Package enginetest has worlds for the tests of the engine's parts: an engine in
// memory with a standing clock, spoken to by operation name and parameters (World) or
// by typed requests (CryptoWorld).
//
// It may import the engine and its parts; nothing but tests may import it.
package enginetest
