//go:build !linux

package child

import "errors"

// Memory is not there: this system has no files in memory without a name.
func Memory([]byte) (string, error) { return "", errors.ErrUnsupported }
