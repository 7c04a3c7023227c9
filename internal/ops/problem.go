package ops

import (
	"errors"
	"fmt"
	"strings"
)

// unwhole says that a file is there and is no whole envelope.
type unwhole struct {
	name string
	err  error
}

func (u unwhole) Error() string { return u.name + " cannot be read: " + u.err.Error() }
func (u unwhole) Unwrap() error { return u.err }

// unusable is an error about an output that would stop its being replaced: not that it is missing, not whole or
// not readable.
func unusable(err error) error {
	if isMissing(err) || errors.As(err, new(unwhole)) || errors.As(err, new(unopened)) {
		return nil
	}
	return err
}

// role says which of a block's files an error is about, so that the sentence begins with a word and never with
// a path.
func role(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the %s %w", what, err)
}

// problems is what plan.FileStatus says of a file that cannot be worked on.
func problems(errs ...error) string {
	var out []string
	for _, err := range errs {
		if err != nil {
			out = append(out, err.Error())
		}
	}
	return strings.Join(out, "; ")
}
