// Package several gathers errors that happened side by side, so that the first one
// does not hide the others. It wraps hashicorp/go-multierror in one place: a single error reads as
// itself, several as a list.
//
// It imports nothing of ours. Start reading at Errors.
package several
