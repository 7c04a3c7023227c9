//go:build !linux

package ops

import (
	"errors"
	"os"
)

// nameless files exist on Linux only.
func nameless(*os.Root) (*os.File, error) { return nil, errors.ErrUnsupported }

func giveName(*os.File, *os.Root, string) error { return errors.ErrUnsupported }
