package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// With -release=NAME what the release writes is kept; -binary lets another binary than this one write it.
var (
	keepRelease = flag.String("release", "", "keep what this code writes under the `name` of a release, for TestWhatReleasesWroteIsRead")
	keepBinary  = flag.String("binary", "", "let this kmsplan write it")
)

// keptDir is where it is kept, for ever.
var keptDir = filepath.Join("testdata", "releases")

// keptModule is what every release is asked to write. Nothing in it changes with time alone.
const keptModule = `gateway "dev" {
  emulator {}
}
variable "stack" {
  type = string
}
variable "value" {
  type      = string
  sensitive = true
}
variable "description" {
  type    = string
  default = "one"
}
variable "more" {
  type    = set(string)
  default = []
}
key "k" {
  description = var.description
  tags        = { team = "orders" }
}
key "more" {
  for_each    = var.more
  description = each.key
}
alias "k" {
  name = "alias/${var.stack}"
  key  = key.k.id
}
secret "given" {
  name           = "${var.stack}/given"
  encryption_key = key.k.id
  value          = var.value
}
secret "made" {
  name           = "${var.stack}/made"
  encryption_key = key.k.id
  generate {
    length = 32
  }
}
data "encrypt" "app" {
  key     = key.k.id
  source  = "app.yaml"
  output  = "dist/app.yaml.enc"
  context = { app = "orders" }
}
output "key" {
  value = key.k.id
}
`

// What the module is told, and the files that say what a release made of it.
const (
	keptValue    = "KMSPLAN_VAR_value=as-it-was"
	keptSource   = "user: app\npassword: made-up\n"
	keptSealing  = "alias/state"
	interrupted  = `-var=more=["a"]`
	settingsFile = "settings.kms.hcl"
	listFile     = "expect-list"
	keysFile     = "expect-keys"
	clearPlan    = "clear.plan"
	sealedPlan   = "sealed.plan"
)

// TestKeepARelease writes what CONTRIBUTING.md says that every release leaves behind: stacks in one archive, which share
// one emulator.
func TestKeepARelease(t *testing.T) {
	if *keepRelease == "" {
		t.Skip("keeps nothing without -release=NAME")
	}
	for _, server := range []string{direct, "KMSPLAN_TEST_S3"} {
		if os.Getenv(server) == "" {
			t.Fatalf("%s is not set: a release is kept over every store; .ci/servers starts the servers", server)
		}
	}
	w := releaseWriter{t: t, binary: *keepBinary, emulator: filepath.Join(t.TempDir(), "emulator")}
	_, help, _ := w.try(t.TempDir(), "plan", "-help")
	w.seals = bytes.Contains(help, []byte("-encrypt"))
	kept := archived{}
	w.key()
	w.stack(kept, "settled", localKept)
	w.stack(kept, "local", localKept)
	if w.seals {
		for name, start := range keptStores {
			w.stack(kept, name, start(t))
		}
	}
	dir := w.dir()
	kept[keysFile] = archivedFile{0o600, []byte(w.keys(dir))}
	w.leave(dir)
	kept.add("emulator/", readDir(t, w.emulator))
	kept.write(t, keptRelease(*keepRelease))
}

// keptRelease is the archive of a release.
func keptRelease(name string) string { return filepath.Join(keptDir, name+".tar.gz") }

var localKept = aKept{
	settings: aStore{block: `backend "local" {}`}.settings,
	dump:     func(*testing.T) map[string][]byte { return nil },
	restore:  func(*testing.T, map[string][]byte) {},
}

// releaseWriter lets a kmsplan write.
type releaseWriter struct {
	t        *testing.T
	binary   string
	emulator string // where its data is between two stacks
	seals    bool   // it can encrypt states and plans
	env      []string
}

// dir is a directory with the emulator in it, until leave.
func (w releaseWriter) dir() string {
	w.t.Helper()
	dir := w.t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".kmsplan"), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(w.emulator, filepath.Join(dir, emulatorDir)); err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	w.file(dir, "main.kms.hcl", keptModule)
	return dir
}

func (w releaseWriter) leave(dir string) {
	w.t.Helper()
	if err := os.Rename(filepath.Join(dir, emulatorDir), w.emulator); err != nil {
		w.t.Fatal(err)
	}
}

var emulatorDir = filepath.Join(".kmsplan", "emulator")

func (w releaseWriter) command(dir string, args ...string) *exec.Cmd {
	c := kmsplan(w.t, dir, args...)
	if w.binary != "" {
		c.Path = w.binary
	}
	c.Env = append(append(c.Env, keptValue), w.env...)
	return c
}

func (w releaseWriter) try(dir string, args ...string) (code int, out, said []byte) {
	c := w.command(dir, args...)
	var b, errs bytes.Buffer
	c.Stdout, c.Stderr = &b, &errs
	_ = c.Run() // its code says it
	return c.ProcessState.ExitCode(), b.Bytes(), append(bytes.Clone(b.Bytes()), errs.Bytes()...)
}

func (w releaseWriter) run(dir string, args ...string) []byte {
	w.t.Helper()
	code, out, said := w.try(dir, args...)
	if code != 0 {
		w.t.Fatalf("kmsplan %s: exit code %d\n%s", strings.Join(args, " "), code, said)
	}
	return out
}

func (w releaseWriter) file(dir, name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// key is what states and plans are encrypted under.
func (w releaseWriter) key() {
	w.t.Helper()
	dir := w.dir()
	defer w.leave(dir)
	instance := regexp.MustCompile(`kst-[a-z0-9]+`).Find(w.run(dir, "kms", "ListKmsInstances", "-json"))
	var made struct{ KeyMetadata struct{ KeyId string } }
	if err := json.Unmarshal(w.run(dir, "kms", "CreateKey", "-dkms-instance-id", string(instance), "-json"), &made); err != nil {
		w.t.Fatal(err)
	}
	w.run(dir, "kms", "CreateAlias", "-alias-name", keptSealing, "-key-id", made.KeyMetadata.KeyId)
}

// stack is a module that was applied twice. In the settled one lie plans that were not applied; of every other one an apply
// was interrupted.
func (w releaseWriter) stack(kept archived, name string, s aKept) {
	w.t.Helper()
	w.env = append(slices.Clip(s.env), "KMSPLAN_VAR_stack="+name)
	dir := w.dir()
	w.file(dir, "app.yaml", keptSource)
	if w.seals {
		w.file(dir, settingsFile, s.settings(keptSealing))
	}
	w.run(dir, "init")
	w.run(dir, "apply", "-auto-approve", "-var=description=zero")
	w.run(dir, "apply", "-auto-approve")
	w.file(dir, listFile, string(w.run(dir, "state", "list")))
	if name == "settled" {
		w.documents(dir, "alias/"+name)
		w.run(dir, "plan", "-out="+clearPlan, "-var=description=two")
		if w.seals {
			w.run(dir, "plan", "-out="+sealedPlan, "-encrypt", "-var=description=two")
		}
	} else {
		w.interrupt(dir)
	}
	w.leave(dir)
	mine := readDir(w.t, dir)
	if s.moves {
		delete(mine, settingsFile)
		delete(mine, ".kmsplan/backend.json")
	}
	kept.add(name+"/", mine)
	for held, data := range s.dump(w.t) {
		kept[name+"/"+serverPrefix+held] = archivedFile{0o600, data}
	}
}

// keys is how many keys there are.
func (w releaseWriter) keys(dir string) string {
	w.t.Helper()
	return string(regexp.MustCompile(`"TotalCount": *\d+`).Find(w.run(dir, "kms", "ListKeys", "-json")))
}

// interrupt kills an apply after the service has made a key, and before anybody has written that down.
func (w releaseWriter) interrupt(dir string) {
	w.t.Helper()
	before := w.keys(dir)
	c := w.command(dir, "apply", "-auto-approve", interrupted)
	c.Env = append(c.Env, "KMSPLAN_EMULATOR_FAULTS=CreateKey:delay-after=1h:1")
	var said syncBuffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	service := filepath.Join(dir, emulatorDir, "kms.db")
	var written time.Time
	still := time.Now()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(time.Minute); time.Since(still) < time.Second; { // then it waits for the answer
		select {
		case <-done:
			w.t.Fatalf("it ended before it was killed\n%s", said.bytes())
		case <-poll.C:
		}
		info, err := os.Stat(service)
		if err != nil || time.Now().After(deadline) {
			w.t.Fatal("the service does not come to rest", err)
		}
		if !bytes.Contains(said.bytes(), []byte("Creating")) || !info.ModTime().Equal(written) {
			written, still = info.ModTime(), time.Now()
		}
	}
	if err := c.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	<-done
	after := w.keys(dir)
	if after == before {
		w.t.Fatalf("killed too early: %s before and after; once more", before)
	}
}
