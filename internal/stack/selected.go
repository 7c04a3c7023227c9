package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
)

// WorkspaceVariable is the variable that selects a workspace, whatever was selected in the directory.
const WorkspaceVariable = "KMSPLAN_WORKSPACE"

// mostSelected bounds the file that says which workspace is selected, in bytes.
const mostSelected = 1 << 10

// selectedFile is where a directory remembers its workspace: .kmsplan/workspace.
func selectedFile(dir string) string { return filepath.Join(dir, ".kmsplan", "workspace") }

// Workspace is the workspace that commands work in: the one that the environment names, else the one that was selected in
// this directory, else the default one.
func (m Module) Workspace() (string, error) {
	if name, given := m.given(); given {
		if err := state.CheckWorkspace(name); err != nil {
			return "", fmt.Errorf("%s: %w", WorkspaceVariable, err)
		}
		return name, nil
	}
	file := selectedFile(m.Dir)
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return state.DefaultWorkspace, nil
	}
	if err == nil && info.Size() > mostSelected {
		err = errors.New("it is too large")
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(file)
	}
	name := strings.TrimSpace(string(data))
	if err == nil {
		err = state.CheckWorkspace(name)
	}
	if err != nil {
		return "", fmt.Errorf("%s does not say which workspace is selected: %w; remove the file, which selects the default one", file, err)
	}
	return name, nil
}

// given is the workspace that the environment names; an empty value names none.
func (m Module) given() (name string, given bool) {
	for _, pair := range slices.Backward(m.Env) {
		if value, ok := strings.CutPrefix(pair, WorkspaceVariable+"="); ok {
			return value, value != ""
		}
	}
	return "", false
}

// remember selects a workspace in a directory.
func remember(dir, workspace string) error {
	file := selectedFile(dir)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("select the workspace %s: %w", workspace, err)
	}
	if err := durable.WriteFile(file, []byte(workspace+"\n"), 0o600); err != nil {
		return fmt.Errorf("select the workspace %s: %w", workspace, err)
	}
	return nil
}
