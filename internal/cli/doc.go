// Package cli is the command line: one file per command, each turning flags into
// typed arguments, handing them to the packages below and the outcome to a view.
// It decides exit codes and nothing else.
//
// It may import everything; nothing imports it but cmd/kmsplan and the packages below it, which are tests. Start reading at
// Main, then at stack.go, which opens what most commands need.
package cli
