package stack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

const wrapping = `
key "enc" {}
alias "enc" {
  name = "alias/enc"
  key  = key.enc.id
}
key "enc2" {}
alias "enc2" {
  name = "alias/enc2"
  key  = key.enc2.id
}
`

// fingerprinted has a secret and files, which have fingerprints.
const fingerprinted = wrapping + `
secret "s" {
  name           = "s"
  encryption_key = key.enc.id
  value          = sensitive("hunter2")
}
data "encrypt" "e" {
  key    = alias.enc.name
  source = "cfg/a"
  output = "dist/a.enc"
}
data "decrypt" "d" {
  source = "dist/a.enc"
  output = "run/a"
}
`

func underKey(alias string) string {
	return "kmsplan {\n  encryption {\n    key = \"" + alias + "\"\n  }\n}\n"
}

// farKeys makes alias/far and alias/far2 in the same emulator, with keys, by a state of their own, which is another stack's: this one
// knows nothing of it.
func (r *rig) farKeys() {
	r.t.Helper()
	r.write("main.kms.hcl", gateway+"kmsplan {\n  backend \"local\" {\n    path = \"far.json\"\n  }\n}\n"+strings.ReplaceAll(wrapping, "enc", "far"))
	if err := r.initialise(stack.Backend{Reconfigure: true}); err != nil {
		r.t.Fatal(err)
	}
	r.apply()
	r.remove(".kmsplan/backend.json")
}

// stored is the state as it is on the disk.
func (r *rig) stored() state.State {
	r.t.Helper()
	s := r.open()
	defer r.close(s)
	r.plan(s)
	return s.State
}

// params are the parameters of all fingerprints.
func params(s state.State) (all []string) {
	for _, res := range s.Resources {
		for _, f := range res.Fingerprints {
			all = append(all, f.Params)
		}
	}
	for _, f := range s.Files {
		all = append(all, f.SourceDigest.Params)
	}
	return all
}

// unchanged demands that a plan finds nothing to do, also where nothing is remembered of the files.
func (r *rig) unchanged(when string) {
	r.t.Helper()
	_ = os.Remove(filepath.Join(r.dir, ".kmsplan/files.json"))
	s := r.open()
	defer r.close(s)
	p := r.plan(s)
	for _, c := range p.Changes {
		if c.Action != plan.NoOp {
			r.t.Errorf("%s: %s %v %s", when, c.Addr, c.Action.Sign(), c.Reason)
		}
	}
	for _, f := range p.Files {
		if f.Action != plan.NoOp || f.Problem != "" {
			r.t.Errorf("%s: %s %s %s%s", when, f.Addr, f.Path, f.Reason, f.Problem)
		}
	}
}

// TestFingerprintsComeUnderAKey when the encryption block is added, by an apply, and nothing counts as changed for it;
// they stay under it when the block names another KMS key, and when it goes.
func TestFingerprintsComeUnderAKey(t *testing.T) {
	r := newRig(t, fingerprinted)
	r.write("cfg/a", "plain")
	r.apply()
	slow := params(r.stored())
	if len(slow) != 3 || strings.Count(strings.Join(slow, " "), "argon2id") != 3 {
		t.Fatalf("fingerprints %v", slow)
	}
	r.unchanged("after the apply")
	r.farKeys()

	r.write("main.kms.hcl", gateway+fingerprinted+underKey("alias/far"))
	r.unchanged("with the block")
	if got := r.stored(); got.Scheme != nil {
		t.Error("a plan made a key")
	}
	report := r.apply()
	first := r.stored()
	keyed := params(first)
	if first.Scheme == nil || first.Scheme.Name != state.SchemeKeyed || first.Scheme.Context["kmsplan:lineage"] != first.Lineage || report.State.Scheme == nil {
		t.Fatalf("scheme %+v", first.Scheme)
	}
	if len(keyed) != 3 || strings.Count(strings.Join(keyed, " "), "hmac-sha256,k=") != 3 {
		t.Fatalf("fingerprints %v", keyed)
	}
	r.unchanged("under the key")
	serial := first.Serial
	r.apply()
	if got := r.stored(); got.Serial != serial {
		t.Errorf("an apply without changes went from serial %d to %d", serial, got.Serial)
	}

	r.write("main.kms.hcl", gateway+strings.Replace(fingerprinted, "hunter2", "hunter3", 1)+underKey("alias/far"))
	r.write("cfg/a", "other")
	s := r.open()
	p := r.plan(s)
	if !p.Differs() {
		t.Error("nothing differs")
	}
	r.close(s)
	r.apply()
	r.unchanged("with other content")

	r.write("main.kms.hcl", gateway+strings.Replace(fingerprinted, "hunter2", "hunter3", 1)+underKey("alias/far2"))
	r.apply()
	second := r.stored()
	if second.Scheme.KeyID == first.Scheme.KeyID || second.Scheme.Wrapped == first.Scheme.Wrapped {
		t.Errorf("still wrapped under %s", second.Scheme.KeyID)
	}
	r.unchanged("under another KMS key")

	r.write("main.kms.hcl", gateway+strings.Replace(fingerprinted, "hunter2", "hunter3", 1))
	r.unchanged("without the block")
	if got := params(r.stored()); strings.Count(strings.Join(got, " "), "hmac-sha256,k=") != 3 {
		t.Errorf("fingerprints %v", got)
	}
}
