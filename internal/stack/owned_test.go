package stack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
)

// Case P3: a link that is made after the module was read and planned leads no block over what kmsplan owns, and
// holds up no other block.
func TestALinkMadeAfterThePlanLeadsNowhere(t *testing.T) {
	const module = `
key "k" {}
data "encrypt" "good" {
  key    = key.k.id
  source = "plain"
  output = "good.enc"
}
data "encrypt" "e" {
  key    = key.k.id
  source = "plain"
  output = "later/root.key"
}
data "decrypt" "d" {
  source = "good.enc"
  output = "config/HEAD"
}
data "rewrap" "r" {
  key    = key.k.id
  source = "archive/*.enc"
}
`
	r := newRig(t, "key \"k\" {}\ndata \"encrypt\" \"first\" {\n  key = key.k.id\n  source = \"plain\"\n  output = \"archive/a.enc\"\n}\n")
	r.write("plain", "plain")
	r.apply()
	r.write("main.kms.hcl", gateway+module)
	r.write("archive/b.enc", string(r.read("archive/a.enc")))
	for name, content := range map[string]string{".kmsplan/mine/root.key": "root", ".git/HEAD": "ref"} {
		r.write(name, content)
	}
	s := r.open()
	p := r.plan(s)
	for name, target := range map[string]string{"later": ".kmsplan/mine", "config": ".git"} {
		if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
			t.Skip("this file system has no links:", err)
		}
	}
	report, err := s.Apply(t.Context(), p, stack.Applying{})
	if err == nil || report.ExitCode(err) != 1 {
		t.Fatal("apply said", err)
	}
	for _, name := range []string{"later/root.key", "config/HEAD"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	r.holds(".kmsplan/mine/root.key", "root")
	r.holds(".git/HEAD", "ref")
	if len(r.read("good.enc")) == 0 {
		t.Error("the good file is not written")
	}
}
