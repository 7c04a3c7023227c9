package cli

import (
	"errors"
	"slices"

	"kmsplan.dev/kmsplan/internal/stack"
)

// Exit codes, as DESIGN names them.
const (
	exitDone        = 0
	exitError       = 1
	exitChanges     = 2 // changes present, or the outcome of a call is unknown
	exitRefused     = 3 // refused by a guard; for fmt -check: files need formatting
	exitInterrupted = 130
	exitPipe        = 141 // whoever read standard output went away: what SIGPIPE looks like to a shell
	exitCrashed     = 137 // the emulator's fault crash-after-commit, like kill -9
)

// gravest is the exit code of a command for which several hold: 1 before 3 before 2.
func gravest(codes ...int) int {
	for _, grave := range []int{exitError, exitRefused, exitChanges} {
		if slices.Contains(codes, grave) {
			return grave
		}
	}
	return exitDone
}

// exit ends a command with a code whose reason was already shown.
type exit struct{ code int }

func (e exit) Error() string { return "" }

// usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// withHint adds help to an error.
func withHint(err error, hints ...string) error {
	if err == nil {
		return nil
	}
	return &stack.HintedError{Err: err, Hints: hints}
}

// exitCode shows an error that was not shown yet and turns it into the exit code.
func (a *app) exitCode(err error) int {
	var e exit
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.code
	}
	if invalid, ok := stack.IsInvalid(err); ok {
		return a.invalid(invalid).code
	}
	summary, hints := explain(err)
	var cut cutShort
	if errors.As(err, &cut) {
		a.term.Error(summary, err, hints...) // the view writes to what is broken
		return exitError
	}
	a.view.Error(summary, err, hints...)
	return exitError
}

// invalid shows what keeps a module from being worked with.
func (a *app) invalid(e *stack.InvalidError) exit {
	a.view.Diagnostics(e.Diagnostics, e.Files)
	if len(e.Refusals) == 0 {
		return exit{exitError}
	}
	a.view.Refusals(e.Refusals)
	return exit{exitRefused}
}

// explain heads an error and finds the help that stands under it.
func explain(err error) (summary string, hints []string) {
	var h *stack.HintedError
	if errors.As(err, &h) {
		hints = h.Hints
	}
	var u usageError
	if errors.As(err, &u) {
		return "The command line is not valid", hints
	}
	return "kmsplan could not finish", hints
}
