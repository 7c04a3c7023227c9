//go:build !linux

package durable

import (
	"errors"
	"os"
)

// nameless files exist on Linux only.
func nameless(*os.File) (*os.File, error) { return nil, errors.ErrUnsupported }

func giveName(_, _ *os.File, _ string) error { return errors.ErrUnsupported }
