package kind

import "fmt"

// Problem is what is wrong with an argument: full sentences for the user, with what to
// write instead. It is shown as a diagnostic's detail, unlike an error that is wrapped.
type Problem string

func (p Problem) Error() string { return string(p) }

func sentence(format string, args ...any) error { return Problem(fmt.Sprintf(format, args...)) }
