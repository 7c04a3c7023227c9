package stack_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
	"kmsplan.dev/kmsplan/internal/stack"
)

// encryptedPlan saves a plan of a module, encrypted.
func (r *rig) encryptedPlan() []byte {
	r.t.Helper()
	s := r.open()
	defer r.close(s)
	f, err := s.Saved(r.plan(s), plan.Scope{})
	if err != nil {
		r.t.Fatal(err)
	}
	sealed, err := s.EncryptPlan(r.t.Context(), f)
	if err != nil {
		r.t.Fatal(err)
	}
	return sealed
}

// openPlan opens an encrypted plan as this module's.
func (r *rig) openPlan(sealed []byte) (*planfile.File, error) {
	r.t.Helper()
	stored, err := stack.OpenState(r.module(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() {
		if err := stored.Close(); err != nil {
			r.t.Error(err)
		}
	}()
	return stored.OpenPlan(r.t.Context(), sealed)
}

// An encrypted plan opens as a plan of the stack that it was saved for, where that has its state, and as nothing else.
func TestAnEncryptedPlanOpensAsWhatItWasSavedAs(t *testing.T) {
	r := newRig(t, "")
	r.farKeys()
	module := gateway + "kmsplan {\n  encryption {\n    key = \"alias/far\"\n  }\n}\nkey \"k\" {\n  description = \"canary-description\"\n}\n"
	r.write("main.kms.hcl", module)
	unborn := r.encryptedPlan()
	if _, err := r.openPlan(unborn); err != nil {
		t.Errorf("before the first apply: %v", err)
	}
	r.apply()
	sealed := r.encryptedPlan()
	if bytes.Contains(sealed, []byte("canary")) || bytes.Contains(sealed, []byte("key.k")) {
		t.Error("it is readable")
	}
	refused := func(name, want string, sealed []byte) {
		t.Helper()
		if _, err := r.openPlan(sealed); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f, err := r.openPlan(sealed); err != nil || f.Plan.Serial != 1 {
		t.Errorf("as it was: %+v, %v", f, err)
	}
	refused("of a stack that was not born", "kmsplan:lineage", unborn)
	refused("cut off", "", sealed[:len(sealed)-1])
	for at := 0; at < len(sealed); at += 151 {
		changed := bytes.Clone(sealed)
		changed[at] ^= 1
		refused("a flipped bit", "", changed)
	}
	r.write("main.kms.hcl", strings.Replace(module, "kmsplan {\n", "kmsplan {\n  backend \"local\" {\n    path = \"kmsplan.state.json2\"\n  }\n", 1))
	if err := r.initialise(stack.Backend{Reconfigure: true}); err != nil {
		t.Fatal(err)
	}
	refused("of a state elsewhere", "kmsplan:place", sealed)
	r.remove(".kmsplan/backend.json")

	r.write("main.kms.hcl", strings.ReplaceAll(module, "\"k\"", "\"other\""))
	if err := os.Remove(filepath.Join(r.dir, "kmsplan.state.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(r.dir, "kmsplan.state.json.d")); err != nil {
		t.Fatal(err)
	}
	r.apply()
	refused("of another stack", "kmsplan:lineage", sealed)
}

// A state is no plan, though both lie under one key and belong to one stack.
func TestASealedStateIsNoPlan(t *testing.T) {
	r, server := onGitLab(t)
	if _, err := r.openPlan(r.encryptedPlan()); err != nil {
		t.Error(err)
	}
	var doc struct {
		Objects map[string][]byte
	}
	if err := json.Unmarshal(server.Document(), &doc); err != nil || len(doc.Objects) == 0 {
		t.Fatal(err, len(doc.Objects))
	}
	for name, object := range doc.Objects {
		if _, err := r.openPlan(object); err == nil || !strings.Contains(err.Error(), `"state", not "plan"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
