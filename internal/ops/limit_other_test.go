//go:build !unix

package ops

import "errors"

func limitFileSize(uint64) error { return errors.ErrUnsupported }
