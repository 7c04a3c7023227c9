//go:build !unix

package local_test

import (
	"context"
	"errors"

	"kmsplan.dev/kmsplan/internal/state/local"
)

func prepareChild(string) {}

func fillLimited(context.Context, *local.Store) error { return errors.ErrUnsupported }
