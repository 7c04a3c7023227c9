package trees

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
)

// TestATreeBesideItsSourcesThatIsInterrupted: encrypt and decrypt under other names, killed again and again, end with each
// file done once, but for those that were in flight, with no note and no temporary file.
func TestATreeBesideItsSourcesThatIsInterrupted(t *testing.T) {
	r := newThousand(t)
	r.beside("decrypted", func() { r.run("encrypt", "-r", "-key", "alias/k", "t"); r.removeSources() }, "decrypt", "-r", "t")
	r.beside("encrypted", func() { r.run("decrypt", "-r", "-force", "t"); r.removeEnvelopes() }, "encrypt", "-r", "-key", "alias/k", "t")
	for i := range 1000 {
		if got, err := os.ReadFile(filepath.Join(r.dir, r.name(i))); err != nil || !bytes.Equal(got, r.text(i)) {
			t.Fatalf("%s is not what it was: %v", r.name(i), err)
		}
	}
	if said := r.run("verify", "-r", "t"); !strings.Contains(said, "1000 good") {
		t.Error(tail(said))
	}
	// What was touched since is done again, and -force begins anew.
	r.removeEnvelopes()
	r.rest()
	r.killed("encrypted", 500, "encrypt", "-r", "-key", "alias/k", "t")
	must(t, os.WriteFile(filepath.Join(r.dir, r.name(0)), []byte("edited"), 0o600))
	said := r.run("encrypt", "-r", "-key", "alias/k", "t")
	if !strings.Contains(said, "encrypted "+r.name(0)+" into") || strings.Contains(said, "encrypted "+r.name(2)+" into") {
		t.Errorf("the file that was edited: %s", said)
	}
	must(t, os.WriteFile(filepath.Join(r.dir, r.name(0)), r.text(0), 0o600))
	r.killed("encrypted", 100, "encrypt", "-r", "-key", "alias/k", "t")
	if said := r.run("encrypt", "-r", "-force", "-key", "alias/k", "t"); !strings.Contains(said, "1000 files: 1000 encrypted") {
		t.Errorf("-force: %s", tail(said))
	}
}

// beside prepares, and kills a command twice before it may end.
func (r thousand) beside(word string, prepare func(), args ...string) {
	r.t.Helper()
	prepare()
	r.rest()
	r.killed(word, 200, args...)
	r.killed(word, 200, args...)
	kept := r.modTimes()
	said := r.run(args...)
	if n := strings.Count(said, "was done before the interruption"); n < 300 || !strings.Contains(said, "going on with the run of") ||
		strings.Count(said, word+" t/") > 1000-n || !strings.Contains(said, "done already") {
		r.t.Errorf("%v: %d done before: %s", args, n, tail(said))
	}
	written := 0
	for name, at := range r.modTimes() {
		if kept[name] != 0 && kept[name] != at {
			written++
		}
	}
	if written > 2*16 {
		r.t.Errorf("%v wrote %d files again that were whole", args, written)
	}
	must(r.t, filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (durable.IsTemp(d.Name()) || strings.HasSuffix(path, ".jsonl")) {
			r.t.Errorf("%s stays", path)
		}
		return err
	}))
}

// rest waits until the sources are older than the stamps of a run are close: what was touched just before it began is done
// again after a kill, as it could have been touched during the run.
func (thousand) rest() { time.Sleep(2100 * time.Millisecond) }

// modTimes are those of the files of the tree, ns.
func (r thousand) modTimes() map[string]int64 {
	r.t.Helper()
	out := map[string]int64{}
	must(r.t, filepath.WalkDir(filepath.Join(r.dir, "t"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			out[path] = info.ModTime().UnixNano()
		}
		return err
	}))
	return out
}

func (r thousand) removeSources() {
	for i := range 1000 {
		must(r.t, os.Remove(filepath.Join(r.dir, r.name(i))))
	}
}

func (r thousand) removeEnvelopes() {
	for i := range 1000 {
		must(r.t, os.Remove(filepath.Join(r.dir, r.name(i)+".enc")))
	}
}
