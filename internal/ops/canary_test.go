package ops

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
)

// canary is the plaintext whose appearance anywhere would be a leak.
const canary = "canary-7f3a-do-not-leak"

// TestCanary lets everything go wrong that a gateway, a disk and an attacker can make go wrong, and then looks for
// the plaintext and the data keys, in any usual spelling, in every error, in the census and in every file.
func TestCanary(t *testing.T) {
	s := newStack(t, newRig(t))
	spy := spied(s.rig)
	s.write("config/app.yaml", bytes.Repeat([]byte(canary+"\n"), 4000), 0o600)
	engine := func() *Engine { return s.engine(func(o *Options) { o.Keyring = spy.ring }) }
	run := func(ctx context.Context, b Block, path string) error {
		f, _, err := engine().Run(ctx, s.root(), b, plan.FileChange{Addr: b.Addr, Path: path}, nil)
		if text, _ := json.Marshal(f); err == nil {
			s.census = append(s.census, f)
			return errors.New(string(text)) // looked through like the errors
		}
		return err
	}
	var said []error
	say := func(err error) { said = append(said, err) }
	all := func(ctx context.Context) {
		say(run(ctx, s.enc, s.enc.Output))
		say(run(ctx, s.dec, s.dec.Output))
		say(run(ctx, s.re, "archive/2024/one.enc"))
	}
	all(t.Context())
	s.write("archive/2024/one.enc", s.read("dist/app.enc"), 0o600)
	for _, op := range []string{"AdvanceGenerateDataKey", "AdvanceDecrypt", "AdvanceEncrypt"} {
		actions := []string{"reject=Forbidden.NoPermission", "reject-after-commit=InternalFailure", "drop-before", "drop-after-commit",
			"truncate=20", "wrong-length", "corrupt", "malformed", "html=502", "extra-fields", "duplicate", "throttle=1ms"}
		if testing.Short() {
			actions = actions[len(actions)-2:]
		}
		for _, action := range actions {
			s.rotate(s.key)
			s.fault(op + ":" + action + ":1")
			all(t.Context())
		}
	}
	s.server.Faults().Remove()
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped"))
	all(stopped)
	good := s.read("dist/app.enc")
	for at := 0; at < len(good); at += 997 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x20
		s.write("dist/app.enc", bad, 0o600)
		say(run(t.Context(), s.dec, s.dec.Output))
		say(third(Inspect(s.path("dist/app.enc"))))
	}
	s.write("dist/app.enc", good, 0o600)
	_, errs := s.reasons()
	said = append(said, errs...)

	leaks := needles(append(spy.keys, []byte(canary)))
	if len(said) < 100 || len(spy.keys) < 20 {
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

// needles are the usual spellings of secrets.
func needles(secrets [][]byte) (out [][]byte) {
	for _, s := range secrets {
		out = append(out, s, []byte(hex.EncodeToString(s)), []byte(strings.ToUpper(hex.EncodeToString(s))),
			[]byte(base64.RawStdEncoding.EncodeToString(s)), []byte(base64.RawURLEncoding.EncodeToString(s)), []byte(strings.Trim(fmt.Sprint(s), "[]")))
	}
	return out
}

func search(t *testing.T, where string, text []byte, leaks [][]byte) {
	t.Helper()
	for _, leak := range leaks {
		if bytes.Contains(text, leak) {
			t.Fatalf("%s holds a secret: %.300q", where, text)
		}
	}
}
