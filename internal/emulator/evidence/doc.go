// Package evidence is what clients that nobody here wrote did with the emulator:
// which operations they got real results from, and which refusals they met. It
// holds the list of refusals that the service documents, and renders the table
// in docs/emulator.md.
//
// It may import the standard library and internal/emulator/calllog. Start
// reading at record.go; the records are written by internal/emulator/witness,
// which is a module of its own, and checked here without it.
package evidence
