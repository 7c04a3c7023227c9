package ops

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/schema"
)

// Glob lists the regular files below root that match the pattern, sorted. It follows
// no symbolic link and leaves directories alone whose names begin with a dot, unless the pattern names them.
func Glob(root *os.Root, pattern string) ([]string, error) {
	pattern = slash(pattern)
	var out []string
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") && !strings.HasPrefix(pattern, name+"/"):
			return fs.SkipDir
		case d.Type().IsRegular() && schema.MatchGlob(pattern, name):
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
