package several

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Errors gathers errors. The zero value holds none. It is not safe for concurrent use.
type Errors struct{ all *multierror.Error }

// Add takes an error in; nil adds nothing.
func (e *Errors) Add(err error) {
	if err != nil {
		e.all = multierror.Append(e.all, err)
		e.all.ErrorFormat = list
	}
}

// Addf is Add of a formatted error, which may wrap others with %w.
func (e *Errors) Addf(format string, args ...any) { e.Add(fmt.Errorf(format, args...)) }

// Err is nil without errors, the error itself when there is one, and a list otherwise;
// errors.Is and errors.As look into the list.
func (e *Errors) Err() error {
	switch {
	case e.all == nil:
		return nil
	case len(e.all.Errors) == 1:
		return e.all.Errors[0]
	}
	return e.all
}

// Len is how many were added; lists that were added count as their elements.
func (e *Errors) Len() int {
	if e.all == nil {
		return 0
	}
	return len(e.all.Errors)
}

// shown bounds how many errors are spelled out: a quota that refuses seven hundred objects
// says the same seven hundred times.
const shown = 20

// list renders one error per line, and the lines of an error indented below its first.
func list(errs []error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d errors:", len(errs))
	for i, err := range errs {
		if i == shown && len(errs) > shown+1 {
			fmt.Fprintf(&b, "\n  … and %d more", len(errs)-i)
			break
		}
		b.WriteString("\n  - " + strings.ReplaceAll(err.Error(), "\n", "\n    "))
	}
	return b.String()
}
