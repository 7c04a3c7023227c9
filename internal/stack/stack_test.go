package stack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

const keyAndFile = `
key "k" {}
data "encrypt" "e" {
  key    = key.k.id
  source = "a.txt"
  output = "a.enc"
}
`

func TestAnAppliedModuleHasNothingLeftToDo(t *testing.T) {
	r := newRig(t, keyAndFile)
	r.write("a.txt", "one")
	report := r.apply()
	if report.Added != 1 || report.Files != 1 {
		t.Errorf("added %d keys and wrote %d files", report.Added, report.Files)
	}
	s := r.open()
	if p := r.plan(s); !p.Empty() {
		t.Errorf("the next plan has %v and %v", p.Changes, p.Files)
	}
}

func TestRunWritesWhatIsStaleAndRecordsIt(t *testing.T) {
	r := newRig(t, keyAndFile)
	r.write("a.txt", "one")
	r.apply()
	r.write("a.txt", "two")
	if got := r.mustRun(stack.Running{}); got.Files != 1 {
		t.Errorf("the run did %+v", got)
	}
	if got := r.mustRun(stack.Running{}); len(got.Outcomes) != 0 {
		t.Errorf("the next run did %+v", got)
	}
	if got := r.mustRun(stack.Running{Force: true}); got.Files != 1 {
		t.Errorf("with force it did %+v", got)
	}
}

func TestAModuleWithMistakesIsAnInvalidError(t *testing.T) {
	r := newRig(t, "key \"k\" {\n  nothing = 1\n}\n")
	_, err := stack.Open(r.module(), r.options)
	invalid, ok := stack.IsInvalid(err)
	if !ok || !invalid.Diagnostics.HasErrors() || invalid.Files["main.kms.hcl"] == nil && len(invalid.Files) == 0 {
		t.Errorf("opening it gave %v", err)
	}
}

func TestTheGuardBehindAMissingBlockIsNamed(t *testing.T) {
	r := newRig(t, "key \"k\" {}\nalias \"a\" {\n  name = \"alias/a\"\n  key  = key.k.id\n}\n")
	r.apply()
	r.write("main.kms.hcl", gateway+"alias \"a\" {\n  name = \"alias/a\"\n  key  = key.k.id\n}\n")
	_, err := stack.Open(r.module(), r.options)
	invalid, ok := stack.IsInvalid(err)
	if !ok || len(invalid.Refusals) != 1 || invalid.Refusals[0].Addr.String() != "key.k" {
		t.Errorf("opening it gave %v: %+v", err, invalid)
	}
}

func TestEditingTheStateRaisesItsSerial(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.apply()
	stored, err := stack.OpenState(r.module(), r.options)
	if err != nil {
		t.Fatal(err)
	}
	before, _, err := stored.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stored.Edit(t.Context(), "state mv", func(st state.State) (state.State, error) {
		return state.Move(st, "key.k", "key.other")
	}); err != nil {
		t.Fatal(err)
	}
	after, _, err := stored.Read(t.Context())
	if err != nil || after.Serial != before.Serial+1 || after.Resources[0].Address != "key.other" {
		t.Errorf("serial %d became %d: %v %v", before.Serial, after.Serial, after.Resources, err)
	}
}

func TestGatewaysOpenInAModuleThatIsBrokenElsewhere(t *testing.T) {
	r := newRig(t, "key \"k\" {\n  nothing = 1\n}\n")
	g, err := stack.OpenGateways(r.module(), r.options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}()
	if !g.Broken {
		t.Error("the module counts as whole")
	}
	for _, f := range g.Examine(t.Context()) {
		if !f.OK {
			t.Errorf("%s: %s", f.Check, f.Detail)
		}
	}
	if _, _, err := g.Caller(t.Context(), "", "NoSuchOperation", ""); err == nil || !strings.Contains(err.Error(), "NoSuchOperation") {
		t.Errorf("an operation nobody serves: %v", err)
	}
}

func TestAnEmulatorIsStartedInsideTheModule(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.apply()
	if _, err := os.Stat(filepath.Join(r.dir, ".kmsplan", "emulator")); err != nil {
		t.Error(err)
	}
}
