package apply

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// joined gathers errors that happened side by side: nil without any, the error itself when there is one, and
// else a list.
func joined(errs ...error) error {
	var all *multierror.Error
	for _, err := range errs {
		if err != nil {
			all = multierror.Append(all, err)
		}
	}
	switch {
	case all == nil:
		return nil
	case len(all.Errors) == 1:
		return all.Errors[0]
	}
	all.ErrorFormat = list
	return all
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
