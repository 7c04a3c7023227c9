package version

import (
	"strings"
	"testing"

	goversion "github.com/hashicorp/go-version"
)

// TestVersionNamesTheCommit holds what users report: the number, and the commit where the build knows it.
func TestVersionNamesTheCommit(t *testing.T) {
	if _, err := goversion.NewSemver(Number); err != nil {
		t.Errorf("required_version cannot be held against %q: %v", Number, err)
	}
	if got := String(); !strings.HasPrefix(got, Number) {
		t.Errorf("String() = %q, want the number %s first", got, Number)
	}
	commit = "0123456789abcdef0123"
	defer func() { commit = "" }()
	if got, want := String(), Number+" (0123456789ab)"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// TestPlatform holds the form that plans of two machines are compared by.
func TestPlatform(t *testing.T) {
	if got := Platform(); strings.Count(got, "_") != 1 || strings.HasPrefix(got, "_") {
		t.Errorf("Platform() = %q, want os_arch", got)
	}
}
