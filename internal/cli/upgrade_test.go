package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// oldPlans are the releases whose saved plans are refused, in words, because they say too little of what they were made from.
var oldPlans = map[string]string{"0.1.0-eb8e053": "saved by an older kmsplan"}

// What any release wrote is read by this code: states, the ones before them, the journal of an interrupted run, saved plans,
// envelopes and documents of each format, in a directory and over each store. TestKeepARelease wrote it.
func TestWhatReleasesWroteIsRead(t *testing.T) {
	if testing.Short() {
		t.Skip("sixty processes")
	}
	archives, err := filepath.Glob(keptRelease("*"))
	if err != nil || len(archives) < 2 {
		t.Fatal("what releases wrote is not there", archives, err)
	}
	for _, name := range archives {
		release := strings.TrimSuffix(filepath.Base(name), ".tar.gz")
		kept := readArchive(t, name)
		for _, stack := range stacksOf(kept) {
			t.Run(release+"/"+stack, func(t *testing.T) {
				t.Parallel()
				s := localKept
				if start := keptStores[stack]; start != nil {
					s = start(t)
				}
				r := keptStack{releaseWriter{t: t, env: append(slices.Clip(s.env), "KMSPLAN_VAR_stack="+stack)}, release, kept, t.TempDir()}
				r.putBack(stack, s)
				r.read()
				if stack == "settled" {
					r.documents(stack)
					r.goesOn()
				} else {
					r.recovers()
				}
			})
		}
	}
}

// Every release that the changelog knows has left what CONTRIBUTING.md says.
func TestEveryReleaseIsKept(t *testing.T) {
	changelog, err := os.ReadFile(filepath.Join("..", "..", "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, release := range append([]string{"0.1.0-eb8e053"}, releasesIn(string(changelog))...) {
		info, err := os.Stat(keptRelease(release))
		if err != nil {
			t.Errorf("%v: go test ./internal/cli -run TestKeepARelease -release %s", err, release)
			continue
		}
		size += info.Size()
	}
	if size > 4<<20 {
		t.Errorf("the archives have %d bytes: let the next one hold less", size)
	}
	if got := releasesIn("# Changes\n\n## 0.2.0 (2027-01-01)\n\n### Added\n\n## 0.1.0 (2026-12-01)\n"); !slices.Equal(got, []string{"0.2.0", "0.1.0"}) {
		t.Error(got)
	}
}

// releasesIn are those that .ci/changelog has written a section of.
func releasesIn(changelog string) (names []string) {
	for line := range strings.Lines(changelog) {
		if section, ok := strings.CutPrefix(line, "## "); ok {
			name, _, _ := strings.Cut(strings.TrimSpace(section), " ")
			names = append(names, name)
		}
	}
	return names
}

func stacksOf(kept archived) (names []string) {
	for name := range kept {
		if dir, ok := strings.CutSuffix(name, "/main.kms.hcl"); ok {
			names = append(names, dir)
		}
	}
	slices.Sort(names)
	return names
}

// keptStack is one stack of an archive, on this machine.
type keptStack struct {
	releaseWriter
	release string
	kept    archived
	dir     string
}

// putBack makes the directory and the store what they were. Where the store's address is another one, so are the settings, and
// this machine has not seen the store yet.
func (r keptStack) putBack(stack string, s aKept) {
	server := r.kept.under(stack+"/").unpack(r.t, r.dir)
	r.kept.under("emulator/").unpack(r.t, filepath.Join(r.dir, emulatorDir))
	s.restore(r.t, server)
	if s.moves {
		r.file(r.dir, settingsFile, s.settings(keptSealing))
		r.run(r.dir, "init")
	}
}

// read is what only reads.
func (r keptStack) read() {
	r.t.Helper()
	if got, want := string(r.run(r.dir, "state", "list")), string(r.text(listFile)); got != want {
		r.t.Errorf("the state lists\n%swhere it listed\n%s", got, want)
	}
	var history []struct{ Serial uint64 }
	if err := json.Unmarshal(r.run(r.dir, "state", "history", "-json"), &history); err != nil || len(history) != 2 || history[1].Serial != 1 {
		r.t.Errorf("the states before it: %+v, %v", history, err)
	}
	r.run(r.dir, "decrypt", "-o", "opened", filepath.Join("dist", "app.yaml.enc"))
	if got := r.text("opened"); string(got) != keptSource {
		r.t.Errorf("the envelope holds %q", got)
	}
	r.run(r.dir, "run", "data.encrypt.app")
	r.run(r.dir, "doctor")
}

func (r keptStack) text(name string) []byte {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}

// goesOn: nothing is to do, a saved plan is shown and carried out, and an older state comes back.
func (r keptStack) goesOn() {
	r.t.Helper()
	r.run(r.dir, "plan", "-detailed-exitcode")
	plans := 0
	for _, name := range []string{sealedPlan, clearPlan} {
		if _, err := os.Stat(filepath.Join(r.dir, name)); err != nil {
			continue
		}
		plans++
		code, out, said := r.try(r.dir, "show", name)
		words := string(bytes.Join(bytes.Fields(said), []byte(" ")))
		if old := oldPlans[r.release]; old != "" {
			if code == 0 || !strings.Contains(words, old) {
				r.t.Errorf("%s: %d, %s", name, code, said)
			}
		} else if code != 0 || !bytes.Contains(out, []byte("1 to change")) {
			r.t.Errorf("%s: %d, %s", name, code, said)
		} else if name == sealedPlan {
			r.run(r.dir, "apply", name)
		}
	}
	if plans == 0 {
		r.t.Error("no plan was kept")
	}
	r.run(r.dir, "apply", "-auto-approve", "-var=description=three")
	r.run(r.dir, "state", "rollback", "-auto-approve", "1")
	r.run(r.dir, "plan", "-var=description=three")
}

// recovers: the call that was under way is found out about, and the key is not made twice.
func (r keptStack) recovers() {
	r.t.Helper()
	r.run(r.dir, "plan", interrupted)
	_, _, said := r.try(r.dir, "recover", "-lock-timeout=0s")
	if m := lockID.FindSubmatch(bytes.Join(bytes.Fields(said), []byte(" "))); m != nil { // of the one that was killed
		r.run(r.dir, "force-unlock", string(m[1]))
		_, _, said = r.try(r.dir, "recover")
	}
	if !bytes.Contains(said, []byte(`key.more["a"]`)) {
		r.t.Errorf("recover does not know the key of the interrupted run: %s", said)
	}
	r.run(r.dir, "apply", "-auto-approve", interrupted)
	r.run(r.dir, "plan", "-detailed-exitcode", interrupted)
	all := r.kept[keysFile].data
	if got := r.keys(r.dir); got != string(all) {
		r.t.Errorf("%s are there, and there were %s", got, all)
	}
}
