package ops

import (
	"errors"
	"os"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// BlockError is a problem of one data block's file, as an error.
type BlockError struct {
	Addr string
	Err  error
}

func (e BlockError) Error() string { return e.Addr + ": " + e.Err.Error() }
func (e BlockError) Unwrap() error { return e.Err }

// Status is Survey with the problems taken out, as errors.
func Status(root *os.Root, blocks []Block, census []state.File, facts Facts, prints *state.Fingerprints) (out []plan.FileStatus, errs []error) {
	for _, f := range Survey(blocks, Standing{Root: root, Census: census, Facts: facts, Fingerprints: prints}) {
		if f.Problem != "" {
			errs = append(errs, BlockError{f.Addr.String(), errors.New(f.Problem)})
			continue
		}
		out = append(out, f)
	}
	return out, errs
}
