//go:build unix

package hcl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A pipe where a configuration file should be would be waited for forever; as a variable
// file it is welcome: -var-file=<(sops -d prod.json).
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.kms.hcl"), sources)
	fifo := filepath.Join(dir, "vars.hcl")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error)
	go func() { wrote <- os.WriteFile(fifo, []byte(`x = "piped"`), 0o600) }()
	c, diags := Load(Inputs{Dir: dir, Vars: []Assignment{{File: fifo}}})
	if err := <-wrote; err != nil || diags.HasErrors() {
		t.Fatal(err, shown(diags))
	}
	if v, _ := c.OutputValue("v", nil); v.AsString() != "piped" {
		t.Error(v)
	}
	for _, name := range []string{"pipe.kms.hcl", "pipe.auto.kmsvars.hcl"} {
		if err := unix.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, diags = Load(Inputs{Dir: dir})
	if out := shown(diags); strings.Count(out, "no regular file") != 2 {
		t.Error(out)
	}
}
