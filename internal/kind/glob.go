package kind

import (
	"path"

	"github.com/bmatcuk/doublestar/v4"
)

// ValidGlob reports whether the pattern is well formed: the syntax of path.Match and {a,b} in
// every segment, and ** for any number of directories.
func ValidGlob(pattern string) bool { return pattern != "" && doublestar.ValidatePattern(pattern) }

// MatchGlob reports whether the slash-separated name matches the pattern; nothing matches
// one that is not well formed.
func MatchGlob(pattern, name string) bool {
	return ValidGlob(pattern) && doublestar.MatchUnvalidated(path.Clean(pattern), path.Clean(name))
}

func cleanPath(p string) string { return path.Clean(p) }
