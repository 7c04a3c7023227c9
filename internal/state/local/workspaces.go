package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/state"
)

// Workspaces names the workspaces that have a state beside the one at path, sorted. A state that was lost while generations
// of it are kept counts: it is damaged, not gone.
func Workspaces(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the states of workspaces: %w", err)
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			kept, err := (&Store{path: strings.TrimSuffix(filepath.Join(filepath.Dir(path), name), ".d")}).kept()
			if err != nil || len(kept) == 0 {
				continue
			}
			name = strings.TrimSuffix(name, ".d")
		} else if !e.Type().IsRegular() {
			continue
		}
		if workspace, ok := state.WorkspaceOf(filepath.Base(path), name); ok {
			names = append(names, workspace)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
