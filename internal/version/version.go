package version

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Number is the version held against required_version. The tag of a release is this number; .ci/release
// holds that.
const Number = "0.1.0"

// commit is the commit of a release build; its linker flag sets it.
var commit string

// String is the version with the commit it was built from, where the build knows it.
func String() string {
	if from := cmp.Or(commit, revision()); from != "" {
		return fmt.Sprintf("%s (%.12s)", Number, from)
	}
	return Number
}

// revision is the commit that go build found around the source, or "".
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// Platform is the operating system and architecture, for example linux_amd64.
func Platform() string { return runtime.GOOS + "_" + runtime.GOARCH }
