package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// searched are the stores in which no secret may be.
func searched() map[string]func(t *testing.T) aStore {
	all := maps.Clone(remoteStores)
	all["local"] = func(*testing.T) aStore { return aStore{block: `backend "local" {}`} }
	all["pg with a password"] = func(t *testing.T) aStore { return onPG(t, direct) }
	return all
}

// aLife is a stack with secrets, and everything that was said in its life.
type aLife struct {
	t       *testing.T
	store   aStore
	server  *emulator.Server
	dir     string
	env     []string
	said    map[string][]byte // by the command
	secrets map[string]string // by what they are
	theirs  map[string]bool   // files that hold a secret because the user put it there
}

// The life of a stack with secrets, over each store: first in clear, so that what it stores can be read, then sealed. No secret
// is in the store, beside the module, in what is said with KMSPLAN_LOG=debug, or in what the server logs.
func TestNoStoreSeesASecret(t *testing.T) {
	if testing.Short() {
		t.Skip("twenty processes a store")
	}
	for name, start := range searched() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, start(t))
			l.clear()
			l.search()
			l.readable()
			l.sealed()
			l.search()
			l.control()
		})
	}
}

// Of these the words are no secret: where they are found, the search can read what is stored.
const marker = "a description to be found"

func newLife(t *testing.T, s aStore) *aLife {
	dir := t.TempDir()
	canary := func(what string) string { return "canary/" + what + ` "é & ` + uuid.NewString() }
	server := emulatortest.New(t)
	r := server.Ready()
	l := &aLife{t: t, store: s, server: server, dir: dir, said: map[string][]byte{}, secrets: map[string]string{
		"a variable from a file":  canary("filed"),
		"the source of a file":    canary("source"),
		"the gateway's AccessKey": r.AccessKeySecret,
		"the ClientKey password":  r.Instance.ClientKeyPassword,
	}}
	maps.Copy(l.secrets, s.secrets)
	l.env = append(l.env, s.env...)
	l.write("app.yaml", "password: '"+l.secrets["the source of a file"]+"'\n")
	l.write("secret.auto.kmsvars.hcl", fmt.Sprintf("filed = %q\n", l.secrets["a variable from a file"]))
	attach(t, dir, server)
	return l
}

// clear is the life of the stack until its runner dies in a call, with its lock and its journal in the store.
func (l *aLife) clear() {
	l.module("", 32)
	l.run(0, "init")
	l.change()
	l.run(0, "apply", "-auto-approve")
	l.generated("first")
	l.about()
	l.change()
	l.die()
}

// sealed is the rest of it: the next runner goes on, and the state is sealed anew.
func (l *aLife) sealed() {
	_, _, said := l.try("recover", "-lock-timeout=0s")
	if m := lockID.FindSubmatch(bytes.Join(bytes.Fields(said), []byte(" "))); m != nil {
		l.run(0, "force-unlock", string(m[1]))
	}
	l.run(0, "recover")
	l.run(0, "apply", "-auto-approve")
	l.module("alias/state", 33)
	if l.store.env != nil {
		l.run(0, "init", "-migrate-state")
	}
	l.change()
	l.run(0, "apply", "-auto-approve", "-json")
	l.generated("second")
	l.change()
	l.about()
	l.run(0, "doctor")
}

// about says everything that there is to say, and goes there and back.
func (l *aLife) about() {
	l.change()
	l.run(0, "plan", "-out=saved.plan", "-json-into=plan.jsonl")
	l.run(0, "show", "-json", "saved.plan")
	l.run(0, "apply", "saved.plan")
	l.run(0, "state", "pull")
	l.run(0, "state", "mv", "key.k", "key.moved")
	var history []struct{ Serial uint64 }
	if err := json.Unmarshal(l.run(0, "state", "history", "-json"), &history); err != nil || len(history) < 2 {
		l.t.Fatal(history, err)
	}
	l.run(0, "state", "rollback", "-auto-approve", fmt.Sprint(history[1].Serial))
}

// die kills a runner while a secret's value is under way.
func (l *aLife) die() {
	rules, err := l.server.Faults().AddText("PutSecretValue:late-commit:1")
	if err != nil {
		l.t.Fatal(err)
	}
	defer l.server.Faults().Remove(rules[0].ID)
	c := l.command("apply", "-auto-approve")
	var said syncBuffer
	c.Stdout, c.Stderr = &said, &said
	killWhenFired(l.t, c, l.server, rules[0].ID)
	l.said["the apply that was killed"] = said.bytes()
}

// change gives the variable another value, as a pipeline does.
func (l *aLife) change() {
	value := `canary/given "é & ` + uuid.NewString()
	l.secrets[fmt.Sprint("a variable from the environment ", len(l.secrets))] = value
	l.env = append(l.env, "KMSPLAN_VAR_given="+value)
}

// generated learns the value that kmsplan made.
func (l *aLife) generated(which string) {
	c := l.command("kms", "GetSecretValue", "-secret-name", "made", "-json")
	out, err := c.Output()
	var answer struct{ SecretData string }
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil || len(answer.SecretData) < 32 {
		l.t.Fatalf("the generated value: %q, %v", out, err)
	}
	l.secrets["the "+which+" value that was generated"] = answer.SecretData
}

// module declares everything that has a secret.
func (l *aLife) module(key string, length int) {
	l.write("main.kms.hcl", l.store.settings(key)+theGateway+fmt.Sprintf(`
variable "given" {
  type      = string
  sensitive = true
  ephemeral = true
}
variable "filed" {
  type      = string
  sensitive = true
}
key "k" {
  description = %q
}
secret "given" {
  name           = "given"
  encryption_key = key.k.id
  value          = var.given
}
secret "inside" {
  name           = "inside"
  encryption_key = key.k.id
  value          = jsonencode({ user = "app", password = var.filed })
}
secret "made" {
  name           = "made"
  encryption_key = key.k.id
  generate {
    length = %d
  }
}
data "encrypt" "app" {
  key    = key.k.id
  source = "app.yaml"
  output = "app.yaml.enc"
}
`, marker, length))
}

func (l *aLife) write(name, text string) {
	l.t.Helper()
	name = filepath.Join(l.dir, name)
	err := os.MkdirAll(filepath.Dir(name), 0o700)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o600)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *aLife) command(args ...string) *exec.Cmd {
	return aMachine{l.dir, append(l.env, "KMSPLAN_LOG=debug")}.command(l.t, args...)
}

// try runs kmsplan, and keeps what it says.
func (l *aLife) try(args ...string) (code int, out, said []byte) {
	c := l.command(args...)
	var b, errs bytes.Buffer
	c.Stdout, c.Stderr = &b, &errs
	_ = c.Run() // its code says it
	said = append(bytes.Clone(b.Bytes()), errs.Bytes()...)
	l.said[fmt.Sprintf("%d: %s", len(l.said), strings.Join(args, " "))] = said
	return c.ProcessState.ExitCode(), b.Bytes(), said
}

// run is try that demands the exit code.
func (l *aLife) run(code int, args ...string) []byte {
	l.t.Helper()
	got, out, said := l.try(args...)
	if got != code {
		l.t.Fatalf("kmsplan %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, said)
	}
	return out
}
