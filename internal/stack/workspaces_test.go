package stack_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

// workspaces opens the module's workspaces.
func (r *rig) workspaces() *stack.Workspaces {
	r.t.Helper()
	w, err := stack.OpenWorkspaces(r.module(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	return w
}

// inWorkspace makes a workspace, or selects it.
func (r *rig) inWorkspace(name string) {
	r.t.Helper()
	w := r.workspaces()
	_, err := w.Select(r.t.Context(), name, true)
	if err = errors.Join(err, w.Close()); err != nil {
		r.t.Fatal(err)
	}
}

// What the operator of a store takes from one workspace and puts in another's place does not open there.
func TestASealedStateOpensInItsWorkspaceOnly(t *testing.T) {
	r, server := onGitLab(t)
	r.inWorkspace("prod")
	r.apply()
	prod := server.DocumentAt("/state-prod")
	if len(prod) == 0 {
		t.Fatalf("the documents are %v", server.Paths())
	}
	r.inWorkspace("default")
	server.Edit(func([]byte) []byte { return prod })
	if err := os.Remove(filepath.Join(r.dir, ".kmsplan", "backend.json")); err != nil { // a machine that has seen nothing
		t.Fatal(err)
	}
	_, err := stack.Init(t.Context(), r.module(), r.options, stack.Backend{})
	if err == nil || !strings.Contains(err.Error(), "sealed as something else") || !strings.Contains(err.Error(), "state-prod") {
		t.Errorf("the state of another workspace: %v", err)
	}
}

// A machine remembers what it has seen in each workspace.
func TestAnOlderStateIsNoticedInEachWorkspace(t *testing.T) {
	r, server := onGitLab(t)
	r.inWorkspace("prod")
	old := server.Document()
	r.inWorkspace("default")
	r.write("other.kms.hcl", "key \"other\" {}\n")
	r.apply()
	r.inWorkspace("prod")
	r.apply()
	server.Edit(func([]byte) []byte { return old })
	prod := r.open()
	r.plan(prod) // there, nothing happened
	r.close(prod)
	r.inWorkspace("default")
	s := r.open()
	defer r.close(s)
	if err := s.Survey(t.Context(), "plan", plan.Scope{}); err == nil || !strings.Contains(err.Error(), "has seen serial") {
		t.Errorf("an older state in the default workspace: %v", err)
	}
}

// A slip in the name of a workspace plans nothing: every object would be created once more.
func TestAWorkspaceThatIsNotThereIsNoNewStack(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.apply()
	m := r.module()
	m.Env = []string{stack.WorkspaceVariable + "=pord"}
	s, err := stack.Open(m, r.options)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close(s)
	if err := s.Survey(t.Context(), "plan", plan.Scope{}); err == nil || !strings.Contains(err.Error(), "no such workspace") {
		t.Errorf("a workspace that nobody made: %v", err)
	}
	stored, err := stack.OpenState(m, r.options)
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	if err := stored.Edit(t.Context(), "state mv", func(st state.State) (state.State, error) { return st, nil }); err == nil {
		t.Error("the state of a workspace that nobody made is edited")
	}
	if left, err := filepath.Glob(filepath.Join(r.dir, "*@*")); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestAWorkspaceInUseIsNotDeleted(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.inWorkspace("prod")
	r.apply()
	r.inWorkspace("default")
	w := r.workspaces()
	defer w.Close()
	var used *stack.InUseError
	if _, err := w.Delete(t.Context(), "prod", false); !errors.As(err, &used) || len(used.Addresses) != 1 {
		t.Errorf("a workspace with a key is deleted: %v", err)
	}
	if names, err := w.List(t.Context()); err != nil || len(names) != 2 {
		t.Errorf("the workspaces are %v, %v", names, err)
	}
	held, err := w.Delete(t.Context(), "prod", true)
	if err != nil || len(held.State.Resources) != 1 {
		t.Errorf("deleted with force: %v, %v", held.State.Resources, err)
	}
}

// An encrypted plan of another workspace does not open, and its error says where it belongs.
func TestAnEncryptedPlanBelongsToItsWorkspace(t *testing.T) {
	r, _ := onGitLab(t)
	s := r.open()
	f, err := s.Saved(r.plan(s), plan.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.EncryptPlan(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	r.close(s)
	for workspace, want := range map[string]string{"prod": "it was made in the workspace default, and the workspace prod is selected", "default": ""} {
		r.inWorkspace(workspace)
		stored, err := stack.OpenState(r.module(), r.options)
		if err != nil {
			t.Fatal(err)
		}
		got, err := stored.OpenPlan(t.Context(), sealed)
		switch {
		case want == "" && (err != nil || got.Plan.Workspace != workspace):
			t.Errorf("in its own: %v", err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("in %s: %v", workspace, err)
		}
		if err := stored.Close(); err != nil {
			t.Error(err)
		}
	}
}
