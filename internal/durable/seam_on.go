//go:build failpoint

package durable

import (
	"os"
	"sync"
)

// In a binary built with -tags failpoint, KMSPLAN_DISK_FAULT chooses what its disk does to it; see ParseFault.
var environment = sync.OnceValue(func() Seam {
	seam, err := ParseFault(os.Getenv("KMSPLAN_DISK_FAULT"))
	if err != nil {
		panic(err) // a test build only: the tester's mistake
	}
	return seam
})

func fromEnvironment(op Op) error { return environment()(op) }
