package kind

import (
	"path"
	"strings"
)

// ValidGlob reports whether the pattern is well formed: the syntax of path.Match in
// every segment, and ** for any number of directories.
func ValidGlob(pattern string) bool {
	for _, segment := range strings.Split(pattern, "/") {
		if _, err := path.Match(segment, ""); err != nil {
			return false
		}
	}
	return pattern != ""
}

// MatchGlob reports whether the slash-separated name matches the pattern; nothing matches
// one that is not well formed.
func MatchGlob(pattern, name string) bool {
	return ValidGlob(pattern) && matchSegments(strings.Split(path.Clean(pattern), "/"), strings.Split(path.Clean(name), "/"))
}

// matchSegments walks both lists once and goes back to the last ** when it is stuck, so
// that no pattern takes more than len(pattern) × len(name) steps.
func matchSegments(pattern, name []string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			star, mark = p, n
			p++
		case p < len(pattern) && matchOne(pattern[p], name[n]):
			p, n = p+1, n+1
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

func matchOne(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

func cleanPath(p string) string { return path.Clean(p) }
