package stack

import (
	"errors"
	"fmt"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/plan"
)

// InvalidError says that a module cannot be worked with as it is written.
type InvalidError struct {
	Diagnostics hclv2.Diagnostics
	Files       map[string]*hclv2.File // the sources the diagnostics point into
	// Refusals are the guards that keep the objects whose blocks the module misses.
	Refusals []plan.Refusal
}

func (e *InvalidError) Error() string {
	if len(e.Refusals) > 0 && !e.Diagnostics.HasErrors() {
		return e.Refusals[0].Reason
	}
	return fmt.Sprintf("the module has %d errors", len(e.Diagnostics.Errs()))
}

// HintedError is an error with lines of help that stand under it.
type HintedError struct {
	Err   error
	Hints []string
}

func (e *HintedError) Error() string { return e.Err.Error() }
func (e *HintedError) Unwrap() error { return e.Err }

// hint adds help to an error, under what it has already.
func hint(err error, hints ...string) error {
	var has *HintedError
	if errors.As(err, &has) {
		hints = slices.Concat(has.Hints, hints)
	}
	return &HintedError{err, hints}
}
