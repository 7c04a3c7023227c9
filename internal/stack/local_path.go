package stack

import (
	"fmt"
	"os"
	"path/filepath"

	"kmsplan.dev/kmsplan/internal/state/local"
)

// leaves reports whether a local backend has states that another local one would not find: there are some at its path, and none
// at the other.
func (b backend) leaves(dir string, other backend) bool {
	return holdsState(absolute(dir, b.path())) && !holdsState(absolute(dir, other.path()))
}

// holdsState reports whether a state lies at a path, in whatever workspace, or generations or a journal that say that one did.
func holdsState(path string) bool {
	for _, name := range []string{path, path + ".d", path + ".journal"} {
		if _, err := os.Lstat(name); err == nil {
			return true
		}
	}
	others, err := local.Workspaces(path)
	return err == nil && len(others) > 0
}

// rememberPath notes where a module keeps its state on this machine, unless that is where every module does: once the
// configuration says something else, nothing else tells where it was.
func (s *Stack) rememberPath() {
	b := backendOf(s.Config, nil).in("")
	n, err := readNotes(s.Config.Dir)
	if b.remote() || s.options.Store != nil || err == nil && n.of(b) {
		return
	}
	if err == nil {
		err = notes{Backend: b.kind, Config: map[string]string{"path": filepath.Clean(b.path())}, At: s.options.Now().UTC()}.write(s.Config.Dir)
	}
	if err != nil {
		s.options.Note(fmt.Sprintf("where the state lies could not be noted, so that kmsplan init -migrate-state will not find it once the backend block names another place: %v", err))
	}
}
