//go:build failpoint

package failpoint

import (
	"os"
	"sync"
)

var environment = sync.OnceValue(func() Hook {
	hook, err := Parse(os.Getenv("KMSPLAN_FAILPOINT"), func() { os.Exit(137) })
	if err != nil {
		panic(err) // a test build only: the tester's mistake
	}
	return hook
})

func fromEnvironment(name string) {
	if h := environment(); h != nil {
		h(name)
	}
}
