package ops

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/kind"
)

// IgnoreFile names, in the manner of .gitignore, what a walk leaves out below the directory it stands in.
const IgnoreFile = ".kmsplanignore"

// maxIgnoreFile bounds one, bytes.
const maxIgnoreFile = 1 << 20

// ignoring are the rules that hold in a directory, the strongest last: those of the directories above it, then its own.
type ignoring []ignoreRule

// ignoreRule is a line of an ignore file.
type ignoreRule struct {
	base    string // the directory that the file stands in, slash-separated
	pattern string // as kind.MatchGlob takes it, relative to base
	dirOnly bool
	again   bool // takes back what an earlier rule left out
}

// leavesOut reports whether a name is left out. A directory that is left out is not looked into, so that nothing
// below it can be taken back, as with git.
func (r ignoring) leavesOut(name string, dir bool) bool {
	for i := len(r) - 1; i >= 0; i-- {
		if r[i].matches(name, dir) {
			return !r[i].again
		}
	}
	return false
}

func (r ignoreRule) matches(name string, dir bool) bool {
	if r.dirOnly && !dir {
		return false
	}
	if r.base != "." {
		rest, below := strings.CutPrefix(name, r.base+"/")
		if !below {
			return false
		}
		name = rest
	}
	return kind.MatchGlob(r.pattern, name)
}

// with adds the rules of the ignore file in a directory below root, if there is one. base is the directory as names
// will be given to leavesOut. A file that cannot be read or understood is an error: what it leaves out must not be taken.
func (r ignoring) with(root *os.Root, dir, base string) (ignoring, error) {
	f, info, err := openRegular(place{root: root, name: path.Join(dir, IgnoreFile), shown: path.Join(base, IgnoreFile)}, os.O_RDONLY)
	if isMissing(err) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	defer f.Close()
	name := shown(path.Join(base, IgnoreFile))
	if info.Size() > maxIgnoreFile {
		return r, fmt.Errorf("%s has %d bytes; at most %d are read", name, info.Size(), maxIgnoreFile)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, maxIgnoreFile))
	if err != nil {
		return r, fmt.Errorf("read %s: %w", name, durable.Reason(err))
	}
	own, err := parseIgnore(text, base)
	if err != nil {
		return r, fmt.Errorf("%s, %w", name, err)
	}
	return append(r[:len(r):len(r)], own...), nil
}

// parseIgnore reads the lines of an ignore file, by the rules of gitignore(5).
func parseIgnore(text []byte, base string) (out ignoring, err error) {
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	lines.Buffer(nil, maxIgnoreFile+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if trimmed := strings.TrimRight(line, " \t"); strings.HasSuffix(trimmed, `\`) && len(trimmed) < len(line) {
			line = trimmed + " " // an escaped space stays
		} else {
			line = trimmed
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rule, err := parseIgnoreRule(line, base)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, rule)
	}
	return out, lines.Err()
}

func parseIgnoreRule(line, base string) (ignoreRule, error) {
	written := line
	r := ignoreRule{base: base}
	if line, r.again = strings.CutPrefix(line, "!"); line == "" {
		return r, fmt.Errorf("%q names nothing", written)
	}
	line, r.dirOnly = strings.CutSuffix(line, "/")
	anchored := strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if !anchored {
		line = "**/" + line
	}
	if strings.HasSuffix(line, "/**") {
		line += "/*" // what is in the directory, and not the directory
	}
	r.pattern = strings.NewReplacer(`\\`, `\\`, `\{`, `\{`, `\}`, `\}`, "{", `\{`, "}", `\}`).Replace(line)
	if line == "" || !kind.ValidGlob(r.pattern) {
		return r, fmt.Errorf("%q is not well formed; the patterns are those of .gitignore", written)
	}
	return r, nil
}
