package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/document"
)

// fileThenPaths completes a file, and then the paths of its values: names are readable in a document, so that nothing is
// called for it.
func (a *app) fileThenPaths(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return beginning(begun, a.pathsIn(args[0]))
}

// pathsIn are the paths of a document's values, none where it cannot be read.
func (a *app) pathsIn(name string) []string {
	f, err := os.Open(a.path(name))
	if err != nil {
		return nil
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, document.MaxSealed))
	if err != nil {
		return nil
	}
	return document.Paths(src)
}

// namedFiles completes the file of NAME=FILE behind its name, where a shell looks for NAME=FI… itself.
func (a *app) namedFiles(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	name, file, ok := strings.Cut(begun, "=")
	if !ok || !variableName(name) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	dir, base := filepath.Split(file)
	entries, err := os.ReadDir(a.path(filepath.Clean(dir)))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), base) {
			out = append(out, name+"="+dir+e.Name())
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
