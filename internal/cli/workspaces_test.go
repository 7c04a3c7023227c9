package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// workspacesIn are two machines that share a store; of a local one it is the same machine twice.
type workspacesIn struct {
	t             *testing.T
	first, second aMachine
}

// Two machines work in the workspaces of one stack: what one makes the other lists and goes on with, each has a lineage and
// objects of its own, is sealed for itself, and leaves nothing behind when it is deleted.
func TestWorkspacesInEveryStore(t *testing.T) {
	stores := map[string]func(t *testing.T) aStore{"local": func(*testing.T) aStore { return aStore{block: `backend "local" {}`} }}
	for name, start := range remoteStores {
		stores[name] = start
	}
	for name, start := range stores {
		t.Run(name, func(t *testing.T) {
			store, server := start(t), emulatortest.New(t)
			s := workspacesIn{t: t, first: machine(t, store, server, 0)}
			s.module(store)
			s.first.run(t, 0, "init")
			s.second = s.first
			if name != "local" {
				s.second = machine(t, store, server, 0)
				copyFile(t, s.first.dir, s.second.dir, "main.kms.hcl")
				s.second.run(t, 0, "init")
			}
			s.live()
			if name != "local" && bytes.Contains(bytes.Join(values(store.holds(t)), nil), []byte("of prod")) {
				t.Error("the state of a workspace can be read in the store")
			}
		})
	}
}

func values(m map[string][]byte) (list [][]byte) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

func copyFile(t *testing.T, from, to, name string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, name), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// module is one key and its alias, named after the workspace.
func (s workspacesIn) module(b aStore) {
	s.t.Helper()
	text := b.settings("alias/state") + `gateway "dev" {
  emulator {
    ready_file = "ready.json"
  }
}
key "k" {
  description = "of ${kmsplan.workspace}"
}
alias "k" {
  name = "alias/${kmsplan.workspace}"
  key  = key.k.id
}
`
	if err := os.WriteFile(filepath.Join(s.first.dir, "main.kms.hcl"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// lists checks what a machine lists, the selected one first; "" = the selected one is not there.
func (s workspacesIn) lists(m aMachine, selected string, others ...string) {
	s.t.Helper()
	var doc []listedWorkspace
	if err := json.Unmarshal(m.run(s.t, 0, "workspace", "list", "-json"), &doc); err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for _, w := range doc {
		got = append(got, w.Name)
		if w.Selected != (w.Name == selected) {
			s.t.Errorf("%s is selected: %t", w.Name, w.Selected)
		}
	}
	want := others
	if selected != "" {
		want = append(want, selected)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.t.Errorf("listed are %v, want %v", got, want)
	}
}

// lineage is that of the state in the selected workspace, which has so many objects.
func (s workspacesIn) lineage(m aMachine, objects int) string {
	s.t.Helper()
	var st struct {
		Lineage   string
		Resources []any
	}
	if err := json.Unmarshal(m.run(s.t, 0, "state", "pull"), &st); err != nil {
		s.t.Fatal(err)
	}
	if len(st.Resources) != objects {
		s.t.Errorf("the state has %d objects, want %d", len(st.Resources), objects)
	}
	return st.Lineage
}

func (s workspacesIn) live() {
	t := s.t
	s.first.run(t, 0, "apply", "-auto-approve")
	s.lists(s.second, "default")
	s.first.run(t, 0, "workspace", "new", "prod")
	s.first.run(t, 0, "apply", "-auto-approve")
	prod := s.lineage(s.first, 2)

	s.second.run(t, 0, "workspace", "select", "default")
	s.lists(s.second, "default", "prod")
	own := s.lineage(s.second, 2)
	s.second.run(t, 0, "plan", "-detailed-exitcode")
	s.second.run(t, 0, "workspace", "select", "prod")
	s.second.run(t, 0, "plan", "-detailed-exitcode")
	if again := s.lineage(s.second, 2); again != prod || own == prod {
		t.Errorf("the lineages are %s and %s, and from the other machine %s", own, prod, again)
	}
	if history := string(s.second.run(t, 0, "state", "history")); strings.Count(history, "\n") < 3 || !strings.Contains(history, "workspace new") {
		t.Errorf("the history of the workspace is\n%s", history)
	}

	s.second.run(t, 0, "workspace", "new", "empty")
	s.lists(s.second, "empty", "default", "prod")
	s.second.run(t, 0, "workspace", "select", "default")
	s.second.run(t, 0, "workspace", "delete", "empty")
	s.second.run(t, 3, "workspace", "delete", "prod")
	s.lists(s.second, "default", "prod")
	s.second.run(t, 0, "workspace", "delete", "-force", "prod")
	s.lists(s.second, "default")
	if s.first.dir != s.second.dir {
		s.first.run(t, 1, "plan") // the workspace that is selected there is gone
		s.lists(s.first, "", "default")
	}
	s.second.run(t, 0, "workspace", "new", "prod")
	if anew := s.lineage(s.second, 0); anew == prod {
		t.Error("what was made anew has the lineage of what was deleted")
	}
	if s.first.dir != s.second.dir { // which has seen the former one, and is not taken in
		s.first.run(t, 1, "state", "list")
		s.first.run(t, 0, "-min-serial=1", "state", "list")
		s.first.run(t, 0, "state", "list")
	}
	s.second.run(t, 3, "plan") // the objects of the former one are another stack's
	s.second.run(t, 0, "workspace", "select", "default")
	if s.lineage(s.second, 2) != own {
		t.Error("the default workspace is another one than before")
	}
}
