package stack_test

import (
	"errors"
	"kmsplan.dev/kmsplan/internal/plan"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
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
