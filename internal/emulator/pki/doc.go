// Package pki mints the emulator's certificates: one authority per data
// directory, and a server certificate for every name the emulator answers to.
//
// It imports the standard library and internal/durable. Validity is wall-clock time:
// TLS clients know no virtual clock. Start reading at authority.go.
package pki
