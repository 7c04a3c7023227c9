// Package undocumented is the one place where the emulator decides what the
// service's documentation leaves open, contradicts itself about or only hints
// at: codes, statuses, limits and switches. Whoever knows better changes one
// constant here.
//
// Each constant's comment says what it means, and after "Doubt:" why it had to
// be decided. Table returns all of it, for the limits page of docs/emulator.md.
//
// It imports the standard library only; the emulator's other packages refer to
// it. Start reading at undocumented.go.
package undocumented
