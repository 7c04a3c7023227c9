package stack_test

import (
	"context"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/stack"
)

// TestTheEmulatorOutlivesTheFileThatStartedIt: the first file that needs the emulator starts it. It ran as long as
// that file was worked on, and `kmsplan run` told the others that nobody answers.
func TestTheEmulatorOutlivesTheFileThatStartedIt(t *testing.T) {
	r := newRig(t, `
key "k" {}
alias "k" {
  name = "alias/k"
  key  = key.k.id
}
`)
	r.apply()
	r.write("a.txt", "a")
	g, err := stack.OpenGateways(r.module(), stack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	engine := g.Engine()
	encrypt := func(ctx context.Context) {
		t.Helper()
		_, err := engine.EncryptFile(ctx, filepath.Join(r.dir, "a.txt"), filepath.Join(r.dir, "a.enc"), ops.Seal{Key: "alias/k"}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	first, done := context.WithCancel(t.Context())
	encrypt(first)
	done()
	for range 20 { // what stops with a context stops beside it
		encrypt(t.Context())
	}
}
