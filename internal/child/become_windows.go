package child

import "errors"

// CanBecome says that this system only starts programs beside this one.
const CanBecome = false

// Become is not there.
func Become(string, []string, []string) error { return errors.ErrUnsupported }
