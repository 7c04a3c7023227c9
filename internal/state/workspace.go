package state

import (
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// DefaultWorkspace is the workspace that every stack has. Its state lies where the backend block says; those of others lie
// beside it, under names that end in the workspace's.
const DefaultWorkspace = "default"

// workspaceName has no dot, because what a store puts beside a state begins with the state's name and a dot, and no sign
// that a file system, an address or a bucket reads otherwise.
var workspaceName = pattern.New(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// ErrWorkspaceName says that something is no name of a workspace.
var ErrWorkspaceName = errors.New("a workspace's name has 1 to 64 letters, digits, - and _, and begins with a letter or a digit")

// CheckWorkspace refuses what is no name of a workspace. Errors: ErrWorkspaceName.
func CheckWorkspace(name string) error {
	if !workspaceName.MatchString(name) {
		return fmt.Errorf("%q cannot be a workspace: %w", name, ErrWorkspaceName)
	}
	return nil
}

// InWorkspace is the name under which a store keeps what it keeps under name for the default workspace.
func InWorkspace(name, workspace string) string {
	if workspace == "" || workspace == DefaultWorkspace {
		return name
	}
	return name + "@" + workspace
}

// WorkspaceOf is the workspace whose state lies under stored, where the default one's lies under name; false = it is the
// name of something else.
func WorkspaceOf(name, stored string) (string, bool) {
	if len(stored) <= len(name) || stored[:len(name)+1] != name+"@" {
		return "", false
	}
	workspace := stored[len(name)+1:]
	return workspace, workspace != DefaultWorkspace && CheckWorkspace(workspace) == nil
}
