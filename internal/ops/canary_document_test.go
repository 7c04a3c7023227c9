package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/plan"
)

// TestCanaryOfValues is TestCanary for documents: gateways and disks fail, sources are no YAML, sealed files are cut and
// altered and merged, and nowhere stands a value that is sealed.
func TestCanaryOfValues(t *testing.T) {
	s := newStack(t, newRig(t))
	spy := spied(s.rig)
	source := "# of the service\nhost: db.local\npassword: \"" + canary + "\" # why\ntokens:\n  - " + canary + "-1\n  - |\n    " + canary + "\n    more\n"
	s.write("config/app.yaml", []byte(source), 0o600)
	s.enc.Seal.Values = &Values{Format: "yaml", Rules: document.Rules{Only: []string{"password", "tokens"}}}
	var said []error
	run := func(ctx context.Context, b Block, path string) {
		f, _, err := s.engine(func(o *Options) { o.Keyring = spy.ring }).Run(ctx, s.root(), b, plan.FileChange{Addr: b.Addr, Path: path}, nil)
		if text, _ := json.Marshal(f); err == nil {
			s.census = append(s.census, f)
			err = errors.New(string(text))
		}
		said = append(said, err)
	}
	both := func(ctx context.Context) {
		run(ctx, s.enc, s.enc.Output)
		run(ctx, s.dec, s.dec.Output)
	}
	both(t.Context())
	for _, op := range []string{"AdvanceGenerateDataKey", "AdvanceDecrypt", "AdvanceEncrypt"} {
		for _, action := range []string{"reject=Forbidden.NoPermission", "drop-after-commit", "corrupt", "html=502", "throttle=1ms"} {
			s.rotate(s.key)
			s.fault(op + ":" + action + ":1")
			both(t.Context())
		}
	}
	s.server.Faults().Remove()
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped"))
	both(stopped)
	good := s.read("dist/app.enc")
	for _, bad := range damagedDocuments(good) {
		s.write("dist/app.enc", bad, 0o600)
		both(t.Context()) // sealing over it, and opening it
		s.write("dist/app.enc", bad, 0o600)
		run(t.Context(), s.dec, s.dec.Output)
		said = append(said, third(Inspect(s.path("dist/app.enc"))))
	}
	s.write("dist/app.enc", good, 0o600)
	for _, broken := range []string{"p: *" + canary, "p: '" + canary, "p: " + canary + ": x", "p: \"" + canary + "\\q\"", "p: [" + canary, "p: " + canary + "\n x: 1\n", "p: @" + canary} {
		s.write("config/app.yaml", []byte(source+broken+"\n"), 0o600)
		run(t.Context(), s.enc, s.enc.Output)
		s.enc.Seal.Values.Format = "json"
		s.write("config/app.yaml", []byte(`{"p": `+broken+`}`), 0o600)
		run(t.Context(), s.enc, s.enc.Output)
		s.enc.Seal.Values.Format = "yaml"
	}
	_, errs := s.reasons()
	said = append(said, errs...)

	leaks := needles(append(spy.keys, []byte(canary)))
	if len(said) < 100 || len(spy.keys) < 5 {
		t.Fatalf("only %d errors and %d data keys were seen", len(said), len(spy.keys))
	}
	for _, err := range said {
		if err != nil {
			search(t, "an error or census entry", []byte(err.Error()+fmt.Sprintf("%+v %#v", err, err)), leaks)
		}
	}
	plaintexts := map[string]bool{"config/app.yaml": true, "run/app.yaml": true}
	for _, name := range s.tree() {
		if b, err := os.ReadFile(s.path(name)); err == nil && !plaintexts[filepath.ToSlash(name)] {
			search(t, name, b, leaks)
		}
	}
}

// damagedDocuments are a document cut, with a byte exchanged, and as a merge leaves it.
func damagedDocuments(good []byte) (all [][]byte) {
	for at := 3; at < len(good); at += 37 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x04
		all = append(all, bad, good[:at])
	}
	return append(all, append(bytes.Clone(good), good...), append([]byte("<<<<<<< ours\n"), good...), bytes.Replace(good, []byte("host: "), []byte("mine: 1\nhost: "), 1))
}
