package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/kind"
)

// Glob lists the regular files below root that match the pattern, sorted. It follows
// no symbolic link, leaves directories alone whose names begin with a dot unless the pattern
// names them, and looks only where a match can be. No match is no error.
func Glob(root *os.Root, pattern string) ([]string, error) {
	pattern = slash(pattern)
	var out []string
	err := fs.WalkDir(root.FS(), globBase(pattern), func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone since it was listed, or a base that is not there
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") && !strings.HasPrefix(pattern, name+"/"):
			return fs.SkipDir
		case d.Type().IsRegular() && !isTemp(d.Name()) && kind.MatchGlob(pattern, name):
			out = append(out, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", pattern, err)
	}
	slices.Sort(out)
	return out, nil
}

// globBase is the directory below which every match is.
func globBase(pattern string) string {
	segments := strings.Split(pattern, "/")
	base := "."
	for _, s := range segments[:len(segments)-1] {
		if strings.ContainsAny(s, `*?[\`) {
			break
		}
		base = path.Join(base, s)
	}
	return base
}
