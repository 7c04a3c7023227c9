//go:build !unix

package kms_test

import (
	"testing"
	"time"
)

// Processor time is not measured here.
func cpuTime(*testing.B) time.Duration { return 0 }
