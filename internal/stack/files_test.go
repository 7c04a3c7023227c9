package stack_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
)

// blocks has a good file and a bad one of every kind of data block.
const blocks = `
key "k" {}
data "encrypt" "good" {
  key    = key.k.id
  source = "good.txt"
  output = "good.enc"
}
data "encrypt" "bad" {
  key    = key.k.id
  source = "bad.txt"
  output = "bad.enc"
}
data "decrypt" "good" {
  source = "good.enc"
  output = "run/good.txt"
}
data "decrypt" "bad" {
  source = "other.enc"
  output = "run/other.txt"
}
data "rewrap" "all" {
  key    = key.k.id
  source = "archive/*.enc"
}
`

// TestAnUnusableFileIsReportedAndHoldsUpNothing is case P1: what makes a file unusable × the kind of block. The
// key is made, the good files are written, and the error names the bad one.
func TestAnUnusableFileIsReportedAndHoldsUpNothing(t *testing.T) {
	link := func(r *rig, name string) {
		if err := os.Symlink(filepath.Join(r.dir, "good.txt"), filepath.Join(r.dir, name)); err != nil {
			r.t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		spoil func(r *rig)
		want  string
	}{
		"a source that is missing":         {func(r *rig) { r.remove("bad.txt") }, "bad.txt"},
		"a source that is a directory":     {func(r *rig) { r.remove("bad.txt"); r.write("bad.txt/x", "") }, "bad.txt"},
		"a source that is a link":          {func(r *rig) { r.remove("bad.txt"); link(r, "bad.txt") }, "bad.txt"},
		"an output that is a directory":    {func(r *rig) { r.write("bad.enc/x", "") }, "bad.enc"},
		"an envelope that is missing":      {func(r *rig) { r.remove("other.enc") }, "other.enc"},
		"an envelope that is none":         {func(r *rig) { r.write("other.enc", "words\n") }, "other.enc"},
		"an envelope with converted lines": {func(r *rig) { r.convert("other.enc") }, "other.enc"},
		"a damaged envelope":               {func(r *rig) { r.damage("other.enc") }, "other.enc"},
		"an envelope that is a directory":  {func(r *rig) { r.remove("other.enc"); r.write("other.enc/x", "") }, "other.enc"},
		"a plaintext that is a link":       {func(r *rig) { r.write("run/x", ""); link(r, "run/other.txt") }, "run/other.txt"},
		"a damaged envelope to rewrap":     {func(r *rig) { r.damage("archive/one.enc") }, "archive/one.enc"},
		"converted lines to rewrap":        {func(r *rig) { r.convert("archive/one.enc") }, "archive/one.enc"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "key \"k\" {}\ndata \"encrypt\" \"e\" {\n  for_each = toset([\"other.enc\", \"archive/one.enc\"])\n  key = key.k.id\n  source = \"good.txt\"\n  output = each.key\n}\n")
			r.write("good.txt", "good")
			r.apply() // makes the envelopes
			r.write("bad.txt", "bad")
			r.write("main.kms.hcl", gateway+blocks+"key \"more\" {}\n")
			tt.spoil(r)
			s := r.open()
			p := r.plan(s)
			if p.Refused() || len(p.Unusable()) != 1 || len(p.Warnings) == 0 || !strings.Contains(p.Warnings[0].Detail, tt.want) {
				t.Fatalf("the plan refuses %v, cannot use %v, and warns %v", p.Refusals, p.Unusable(), p.Warnings)
			}
			report, err := s.Apply(t.Context(), p, stack.Applying{})
			r.close(s)
			if err == nil || !strings.Contains(err.Error(), tt.want) || report.ExitCode(err) != 1 {
				t.Errorf("exit code %d, error %v", report.ExitCode(err), err)
			}
			if report.Added != 1 || report.Failed != 1 || report.Skipped != 0 {
				t.Errorf("added %d, failed %d, skipped %d", report.Added, report.Failed, report.Skipped)
			}
			r.holds("run/good.txt", "good")
			// And so does a run.
			r.write("good.txt", "better")
			if _, err := r.run(stack.Running{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the run said %v", err)
			}
			r.holds("run/good.txt", "better")
		})
	}
}

// TestEveryUnusableFileIsNamed spoils several files of several blocks at once.
func TestEveryUnusableFileIsNamed(t *testing.T) {
	r := newRig(t, blocks)
	r.write("good.txt", "good")
	r.write("archive/one.enc", "words\n")
	s := r.open()
	report, err := s.Apply(t.Context(), r.plan(s), stack.Applying{})
	if err == nil || report.Added != 1 {
		t.Fatalf("added %d, error %v", report.Added, err)
	}
	for _, name := range []string{"bad.txt", "other.enc"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

func (r *rig) remove(name string) {
	r.t.Helper()
	if err := os.Remove(filepath.Join(r.dir, name)); err != nil {
		r.t.Fatal(err)
	}
}

// convert turns line endings as git does on Windows.
func (r *rig) convert(name string) {
	r.t.Helper()
	r.write(name, string(bytes.ReplaceAll(r.read(name), []byte("\n"), []byte("\r\n"))))
}

// damage cuts an envelope inside its header.
func (r *rig) damage(name string) {
	r.t.Helper()
	r.write(name, string(r.read(name)[:100]))
}

func (r *rig) read(name string) []byte {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *rig) holds(name, want string) {
	r.t.Helper()
	if got := string(r.read(name)); got != want {
		r.t.Errorf("%s holds %q, want %q", name, got, want)
	}
}

// TestADeployMachineDecryptsWithoutTheSources is case P1: the source of an encrypt block is missing, its envelope is
// there, and the block that decrypts it does so.
func TestADeployMachineDecryptsWithoutTheSources(t *testing.T) {
	r := newRig(t, keyAndFile+"data \"decrypt\" \"d\" {\n  source = \"a.enc\"\n  output = \"run/a\"\n}\n")
	r.write("a.txt", "one")
	r.apply()
	r.remove("a.txt")
	r.remove("run/a")
	if _, err := r.run(stack.Running{}); err == nil || !strings.Contains(err.Error(), "a.txt") {
		t.Errorf("the run said %v", err)
	}
	r.holds("run/a", "one")
}
