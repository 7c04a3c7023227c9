package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state"
)

// year is a stack that is lived with by the commands of a person, in this process, on a clock that moves when it is told to.
type year struct {
	t       *testing.T
	dir     string
	service *emulator.Server
	env     []string
	told    strings.Builder   // of this month
	letGo   map[string]string // ids of keys, and what let them go
	all     map[string]string // ids of all keys that there ever were, and where they were first
	names   map[string]string // what a golden file has for an id
	count   map[string]int    // of the names of a word
}

func newYear(t *testing.T) *year {
	y := &year{t: t, dir: t.TempDir(), service: emulatortest.New(t), letGo: map[string]string{}, all: map[string]string{}, names: map[string]string{}, count: map[string]int{}}
	y.env = []string{"NO_COLOR=1", "HOME=" + y.dir}
	y.password("first")
	if err := y.service.WriteReadyFile(filepath.Join(y.dir, "ready.json")); err != nil {
		t.Fatal(err)
	}
	first, err := txtar.ParseFile(filepath.Join("testdata", "year", "first.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range first.Files {
		y.write(f.Name, string(f.Data))
	}
	clock := y.service.Control()
	if _, err := clock.Freeze(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := clock.SetClock(t.Context(), time.Date(2030, 1, 1, 8, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	y.sealsItsState()
	return y
}

// sealsItsState makes the key that the configuration names for its state: one of others.
func (y *year) sealsItsState() {
	y.t.Helper()
	instances, _ := y.run(0, "kms", "ListKmsInstances", "-json")
	made, _ := y.run(0, "kms", "CreateKey", "-dkms-instance-id", regexp.MustCompile(`kst-[a-z0-9]+`).FindString(instances), "-json")
	id := regexp.MustCompile(`key-[a-z0-9]+`).FindString(made)
	y.run(0, "kms", "CreateAlias", "-alias-name", "alias/state", "-key-id", id)
	y.names[id], y.letGo[id] = "<the key of the state>", "of others"
}

func (y *year) write(name, text string) {
	y.t.Helper()
	name = filepath.Join(y.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		y.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		y.t.Fatal(err)
	}
}

// edit replaces a text of a file, wherever it stands there.
func (y *year) edit(name, old, with string) {
	y.t.Helper()
	text, err := os.ReadFile(filepath.Join(y.dir, name))
	if err != nil || !strings.Contains(string(text), old) {
		y.t.Fatalf("%s does not hold %q: %v", name, old, err)
	}
	y.write(name, strings.ReplaceAll(string(text), old, with))
}

// password is what the variable of that name has from now on.
func (y *year) password(value string) {
	y.env = append(y.env, "KMSPLAN_VAR_password=canary-year-"+value)
}

func (y *year) passes(days int) {
	y.t.Helper()
	if _, err := y.service.Control().Advance(y.t.Context(), fmt.Sprint(days, "d")); err != nil {
		y.t.Fatal(err)
	}
	fmt.Fprintf(&y.told, "# %d days pass.\n\n", days)
}

// run is kmsplan as a person would run it; it returns both streams.
func (y *year) run(code int, args ...string) (out, errs string) {
	y.t.Helper()
	var stdout, stderr bytes.Buffer
	got := Main(Process{Args: append([]string{"-chdir=" + y.dir}, args...), Env: y.env, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr})
	if got != code {
		y.t.Fatalf("kmsplan %v: exit code %d, want %d\n%s%s", args, got, code, &stdout, &stderr)
	}
	return stdout.String(), stderr.String()
}

// says runs a command, and this month tells what it said.
func (y *year) says(code int, args ...string) {
	y.t.Helper()
	out, errs := y.run(code, args...)
	fmt.Fprintf(&y.told, "$ kmsplan %s\n%s", strings.Join(args, " "), out)
	if errs != "" {
		fmt.Fprintf(&y.told, "# on standard error:\n%s", errs)
	}
	y.told.WriteString("\n")
}

// plans shows the plan. Where it can be carried out it is, as it was shown.
func (y *year) plans(code int) {
	y.t.Helper()
	if code != 2 {
		y.says(code, "plan")
		return
	}
	y.says(2, "plan", "-detailed-exitcode", "-out", "saved")
	y.run(0, "apply", "saved")
	y.keys()
}

// rests demands that there is nothing to do.
func (y *year) rests() {
	y.t.Helper()
	if out, errs := y.run(0, "plan", "-detailed-exitcode"); !strings.Contains(out, "No changes.") {
		y.t.Errorf("it is not at rest:\n%s%s", out, errs)
	}
}

// others call the service by themselves.
func (y *year) others(gateway string, call ...string) {
	y.t.Helper()
	y.run(0, append([]string{"kms", call[0], gateway}, call[1:]...)...)
	fmt.Fprintf(&y.told, "# Somebody calls %s.\n\n", strings.Join(call, " "))
}

func (y *year) state() (st state.State) {
	y.t.Helper()
	out, _ := y.run(0, "state", "pull")
	if err := json.Unmarshal([]byte(out), &st); err != nil {
		y.t.Fatal(err)
	}
	return st
}

func (y *year) object(address string) state.Resource {
	y.t.Helper()
	for _, r := range y.state().Resources {
		if r.Address == address {
			return r
		}
	}
	y.t.Fatalf("the state has no %s", address)
	return state.Resource{}
}

func (y *year) id(address string) string { y.t.Helper(); return y.object(address).ID }

// predecessor is the one key that precedes another.
func (y *year) predecessor(address string) string {
	y.t.Helper()
	before := y.object(address).Predecessors
	if len(before) != 1 {
		y.t.Fatalf("%s has the predecessors %v", address, before)
	}
	return before[0].ID
}

// letsGo notes that the configuration says of a key that this stack has it no longer.
func (y *year) letsGo(address, how string) { y.t.Helper(); y.letsGoID(y.id(address), how) }

func (y *year) letsGoID(id, how string) { y.letGo[id] = how }

// keys notes what keys there are, in both regions.
func (y *year) keys() (live map[string]bool) {
	y.t.Helper()
	for _, r := range y.state().Resources {
		if _, known := y.names[r.ID]; !known && r.Kind == "key" {
			y.names[r.ID] = "<" + r.Address + ">"
		}
	}
	live = map[string]bool{}
	for _, gateway := range y.gateways() {
		out, _ := y.run(0, "kms", "ListKeys", "-gateway="+gateway, "-page-size=100", "-json")
		var list struct {
			Keys struct{ Key []struct{ KeyId string } }
		}
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			y.t.Fatal(err)
		}
		for _, k := range list.Keys.Key {
			live[k.KeyId], y.all[k.KeyId] = true, y.names[k.KeyId]
		}
	}
	return live
}

// gateways are those that the configuration has by now.
func (y *year) gateways() (names []string) {
	y.t.Helper()
	text, err := os.ReadFile(filepath.Join(y.dir, "main.kms.hcl"))
	if err != nil {
		y.t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^gateway "(\w+)"`).FindAllSubmatch(text, -1) {
		names = append(names, string(found[1]))
	}
	return names
}

// everyKeyIsAccountedFor demands that each key that there ever was lives, and that this stack knows of it unless it was let go in words.
func (y *year) everyKeyIsAccountedFor() {
	y.t.Helper()
	live, known := y.keys(), map[string]bool{}
	for _, r := range y.state().Resources {
		known[r.ID] = true
		for _, p := range r.Predecessors {
			known[p.ID] = true
		}
	}
	for id, first := range y.all {
		if y.letGo[id] == "" && (!known[id] || !live[id]) {
			y.t.Errorf("%s, first %s: known to the state %v, alive %v", id, first, known[id], live[id])
		}
	}
}

// everyFileOpens decrypts each envelope.
func (y *year) everyFileOpens() {
	y.t.Helper()
	envelopes, err := filepath.Glob(filepath.Join(y.dir, "dist", "*.enc"))
	if err != nil || len(envelopes) != 8 {
		y.t.Fatal(envelopes, err)
	}
	copies, _ := filepath.Glob(filepath.Join(y.dir, "copies", "*", "*.enc"))
	args := []string{"verify"}
	y.run(0, append(args, slices.Concat(envelopes, copies)...)...)
}

func letGoOf(y *year) (said []string) {
	for id, how := range y.letGo {
		said = append(said, y.all[id]+" "+how)
	}
	slices.Sort(said)
	return said
}

// yearsIDs are the ids of keys, with their versions, of secrets' versions, instances and requests.
var yearsIDs = regexp.MustCompile(`(?i)\b(key-[0-9a-z]{19,22})(-[0-9a-z]{10})?\b|\bkp-[0-9a-f]{8,}|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\bkst-\w+`)

// named has stable names for ids: the address of a key where it was first, and for others a number in order of appearance.
func (y *year) named(text string) string {
	return yearsIDs.ReplaceAllStringFunc(text, func(id string) string {
		if y.names[id] != "" {
			return y.names[id]
		}
		word := "id"
		switch m := yearsIDs.FindStringSubmatch(id); {
		case m[2] != "":
			word = strings.Trim(y.named(m[1]), "<>") + " version"
		case m[1] == "":
			word, _, _ = strings.Cut(id, "-")
		}
		if len(word) == 8 {
			word = "request"
		}
		y.count[word]++
		y.names[id] = fmt.Sprintf("<%s %d>", word, y.count[word])
		return y.names[id]
	})
}

// golden holds what the month told against a file.
func (y *year) golden(name string) {
	y.t.Helper()
	got := y.named(y.told.String())
	got = strings.ReplaceAll(got, y.dir, "DIR")
	if strings.Contains(got, "canary-year") {
		y.t.Fatalf("it shows a secret:\n%s", got)
	}
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			y.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		y.t.Fatal(err)
	}
	if got != string(want) {
		y.t.Errorf("%s is another one; -update writes it:\n%s", name, got)
	}
}
