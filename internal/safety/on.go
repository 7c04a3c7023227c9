//go:build falsify

package safety

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// Variable names the safeties that a binary built with -tags falsify goes without: NAME[,NAME].
const Variable = "KMSPLAN_FALSIFY"

var out = sync.OnceValue(func() []Switch {
	var names []Switch
	for name := range strings.SplitSeq(os.Getenv(Variable), ",") {
		if name == "" {
			continue
		}
		if !slices.ContainsFunc(Table(), func(s Safety) bool { return s.Switch == Switch(name) }) {
			panic(fmt.Sprintf("%s names %q, and there is no such safety", Variable, name)) // a test build only: the tester's mistake
		}
		names = append(names, Switch(name))
	}
	return names
})

// Off reports whether a safety is taken out.
func Off(s Switch) bool { return slices.Contains(out(), s) }
