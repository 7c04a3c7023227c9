package stack_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
)

func localAt(path string) string {
	return gateway + one + "kmsplan {\n  backend \"local\" {\n    path = \"" + path + "\"\n  }\n}\n"
}

// kept is the state as it is stored, from wherever the module keeps it.
func (r *rig) kept() (serial uint64, ids []string) {
	st := r.stored()
	for _, o := range st.Resources {
		ids = append(ids, o.ID)
	}
	return st.Serial, ids
}

// TestAStateAtAnotherPathIsNotForgotten edits the path of a local backend: nothing goes on without the state there, and
// init -migrate-state takes it along, there, to a server, and back.
func TestAStateAtAnotherPathIsNotForgotten(t *testing.T) {
	for name, first := range map[string]string{"from the usual path": gateway + one, "from a path": localAt("first.json"), "from a spelling of a path": localAt("./first.json")} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, one)
			r.write("main.kms.hcl", first)
			r.apply()
			serial, ids := r.kept()
			r.write("main.kms.hcl", localAt("second.json"))
			if _, err := stack.OpenState(r.module(), r.options); err == nil || !strings.Contains(err.Error(), "there is a state in ") {
				t.Fatalf("the state at the former path is forgotten: %v", err)
			}
			if err := r.initialise(stack.Backend{}); err == nil || !strings.Contains(err.Error(), "there is a state in ") {
				t.Fatalf("init forgets the state at the former path: %v", err)
			}
			if err := r.initialise(stack.Backend{Migrate: true}); err != nil {
				t.Fatal(err)
			}
			if now, got := r.kept(); now != serial+1 || len(got) != 1 || got[0] != ids[0] {
				t.Errorf("serial %d with %v became serial %d with %v", serial, ids, now, got)
			}
			r.write("main.kms.hcl", first)
			if err := r.initialise(stack.Backend{Migrate: true}); err != nil {
				t.Fatal(err)
			}
			if now, got := r.kept(); now != serial+2 || len(got) != 1 {
				t.Errorf("back at the former path serial %d holds %v", now, got)
			}
		})
	}
}

// TestALocalPathIsLeftInWords leaves the state where it is because somebody said so.
func TestALocalPathIsLeftInWords(t *testing.T) {
	r := newRig(t, one)
	r.write("main.kms.hcl", localAt("first.json"))
	r.apply()
	r.write("main.kms.hcl", localAt("second.json"))
	if err := r.initialise(stack.Backend{Reconfigure: true}); err != nil {
		t.Fatal(err)
	}
	if serial, ids := r.kept(); serial != 0 || len(ids) != 0 {
		t.Errorf("serial %d holds %v", serial, ids)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "first.json")); err != nil {
		t.Errorf("the state is not where it was: %v", err)
	}
}

// TestASerialGoesOnInAnotherPlace takes a state at another path to a server and back: its serial grows at every step, so that the copy
// which stays behind is the older one, and is refused.
func TestASerialGoesOnInAnotherPlace(t *testing.T) {
	r, _, remote, _ := inThree(t)
	r.inWorkspace("default")
	r.write("main.kms.hcl", strings.Replace(localAt("first.json"), "kmsplan.workspace", `"x"`, 1))
	if err := r.initialise(stack.Backend{Migrate: true}); err != nil {
		t.Fatal(err)
	}
	r.apply()
	serial, ids := r.kept()
	if serial < 2 {
		t.Fatalf("the state has serial %d, which tells nothing", serial)
	}
	left := r.stored()
	r.write("main.kms.hcl", remote)
	if err := r.initialise(stack.Backend{Migrate: true}); err != nil {
		t.Fatal(err)
	}
	now, got := r.kept()
	if now != serial+1 || len(got) != 1 || got[0] != ids[0] {
		t.Errorf("serial %d with %v became serial %d with %v", serial, ids, now, got)
	}
	stored, err := stack.OpenState(r.module(), r.options)
	if err != nil {
		t.Fatal(err)
	}
	_, err = stored.Push(t.Context(), left, false)
	if err = errors.Join(err, stored.Close()); err == nil || !strings.Contains(err.Error(), "older") {
		t.Errorf("the copy that stayed behind was pushed over what was made of it: %v", err)
	}
}
