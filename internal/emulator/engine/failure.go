package engine

import "errors"

// Failure is an InternalFailure with its cause, for the operator's eyes. The
// gateways answer Service and log the rest.
type Failure struct{ Cause error }

func (f *Failure) Error() string { return f.Cause.Error() }

// Unwrap returns the cause and the refusal the caller sees.
func (f *Failure) Unwrap() []error { return []error{f.Cause, internalFailure()} }

func internalFailure() *Error {
	return refuse(500, "InternalFailure", "Internal Failure.")
}

// serviceError makes sure that errors.As(err, **Error) holds for every error a
// handler returns.
func serviceError(err error) error {
	var refusal *Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return &Failure{Cause: err}
}
