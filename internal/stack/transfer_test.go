package stack_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
)

// ids are the keys of the state in a workspace.
func (r *rig) ids(workspace string) (ids []string) {
	r.t.Helper()
	m := r.module()
	m.Env = []string{stack.WorkspaceVariable + "=" + workspace}
	stored, err := stack.OpenState(m, r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	st, _, err := stored.Read(r.t.Context())
	if err = errors.Join(err, stored.Close()); err != nil {
		r.t.Fatal(err)
	}
	for _, o := range st.Resources {
		ids = append(ids, o.ID)
	}
	return ids
}

func (r *rig) initialise(told stack.Backend) error {
	_, err := stack.Init(r.t.Context(), r.module(), r.options, told)
	return err
}

const one = "key \"k\" {\n  description = kmsplan.workspace\n}\n"

// inThree are three workspaces on this machine, each with a key of its own, and a GitLab that nothing lies on.
func inThree(t *testing.T) (r *rig, server *gitlab.Server, remote string, keys map[string][]string) {
	r, server = newRig(t, one), gitlab.New(t)
	server.Locks, server.Versions = true, true
	r.write("ca.pem", string(server.CA()))
	r.options.Env = []string{"KMSPLAN_HTTP_USERNAME=" + gitlab.User, "KMSPLAN_HTTP_PASSWORD=" + gitlab.Password}
	remote = gateway + one + `kmsplan {
  backend "http" {
    address       = "` + server.URL + `/state"
    lock_address  = "` + server.URL + `/state/lock"
    lock_method   = "POST"
    unlock_method = "DELETE"
    ca_file       = "` + filepath.Join(r.dir, "ca.pem") + `"
  }
  encryption {
    enabled = false
  }
}
`
	keys = map[string][]string{}
	for _, workspace := range []string{"default", "b", "a"} {
		r.inWorkspace(workspace)
		r.apply()
		keys[workspace] = r.ids(workspace)
	}
	return r, server, remote, keys
}

func (r *rig) keeps(keys map[string][]string) {
	r.t.Helper()
	for workspace, want := range keys {
		if got := r.ids(workspace); len(got) != 1 || !slices.Equal(got, want) {
			r.t.Errorf("%s has %v, want %v", workspace, got, want)
		}
	}
	w := r.workspaces()
	defer w.Close()
	if names, err := w.List(r.t.Context()); err != nil || len(names) != len(keys) {
		r.t.Errorf("the workspaces are %v, %v", names, err)
	}
}

// Every workspace goes to another backend, and back.
func TestEveryWorkspaceIsTakenAlong(t *testing.T) {
	r, _, remote, keys := inThree(t)
	r.write("main.kms.hcl", remote)
	if err := r.initialise(stack.Backend{}); err == nil || !strings.Contains(err.Error(), "there is a state") {
		t.Fatalf("without a word: %v", err)
	}
	if err := r.initialise(stack.Backend{Migrate: true}); err != nil {
		t.Fatal(err)
	}
	r.keeps(keys)
	for _, name := range []string{"kmsplan.state.json", "kmsplan.state.json@a", "kmsplan.state.json@b.d"} {
		if _, err := os.Lstat(filepath.Join(r.dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	if err := r.initialise(stack.Backend{Migrate: true}); err != nil { // in one place: all are sealed anew
		t.Fatal(err)
	}
	r.keeps(keys)
	r.write("main.kms.hcl", gateway+one)
	if err := r.initialise(stack.Backend{Migrate: true}); err != nil {
		t.Fatal(err)
	}
	r.keeps(keys)
}

// What a migration that failed in the middle left undone the next one does, and until then everything is where it was.
func TestAMigrationThatFailedIsDoneAgain(t *testing.T) {
	r, server, remote, keys := inThree(t)
	foreign := []byte(`{"terraform_version":"1.9","serial":1}`)
	server.EditAt("/state-b", func([]byte) []byte { return foreign })
	r.write("main.kms.hcl", remote)
	if err := r.initialise(stack.Backend{Migrate: true}); err == nil || !strings.Contains(err.Error(), "the workspace b") {
		t.Fatalf("over another's state: %v", err)
	}
	if got := server.Paths(); !slices.Contains(got, "/state-a") || !slices.Contains(got, "/state") {
		t.Errorf("it stopped before it began: %v", got)
	}
	r.write("main.kms.hcl", gateway+one)
	r.keeps(keys)
	server.EditAt("/state-b", func([]byte) []byte { return nil })
	r.write("main.kms.hcl", remote)
	if err := r.initialise(stack.Backend{Migrate: true}); err != nil {
		t.Fatal(err)
	}
	r.keeps(keys)
}
