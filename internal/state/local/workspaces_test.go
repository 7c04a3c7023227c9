package local_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

func TestTheWorkspacesBesideAState(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.json")
	lists := func(want ...string) {
		t.Helper()
		got, err := local.Workspaces(path)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("the workspaces are %v, %v, want %v", got, err, want)
		}
	}
	lists()
	if got, err := local.Workspaces(filepath.Join(dir, "none", "s.json")); err != nil || len(got) != 0 {
		t.Errorf("where no directory is there are %v, %v", got, err)
	}
	for _, workspace := range []string{"", "prod", "dev"} {
		for _, id := range []string{"a", workspace} {
			if err := statetest.AddResource(t.Context(), openLocal(t, state.InWorkspace(path, workspace)), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	j := startJournal(t, openLocal(t, state.InWorkspace(path, "dev")))
	appendAll(t, j, begin("x"))
	lists("dev", "prod")
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	// What is none: another state's, a link, a directory, a file that belongs to a state.
	for _, name := range []string{"other@x", "s.json@bad.name", "s.json@", "s.json-x", "s.json@y.lock"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(path, path+"@link"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(path+"@empty.d", 0o700); err != nil {
		t.Fatal(err)
	}
	lists("dev", "prod")
	if err := os.Remove(path + "@dev"); err != nil { // its generations are there
		t.Fatal(err)
	}
	lists("dev", "prod")
	removeAll(t, openLocal(t, path+"@prod"))
	lists("dev")
}
