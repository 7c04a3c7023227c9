package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Number is the version held against required_version. A release build sets the
// suffix-free number here.
const Number = "0.1.0"

// String is the version with the commit it was built from, where the build knows it.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Number
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return fmt.Sprintf("%s (%s)", Number, s.Value[:12])
		}
	}
	return Number
}

// Platform is the operating system and architecture, for example linux_amd64.
func Platform() string { return runtime.GOOS + "_" + runtime.GOARCH }
