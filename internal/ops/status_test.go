package ops

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// stack is a module with one block of each kind, run once, and its census.
type stack struct {
	*rig
	key, version string
	silent       bool // nothing tells of keys
	enc, dec, re Block
	census       []state.File
}

func address(t testing.TB, text string) addr.Address {
	t.Helper()
	a, err := addr.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newStack(t *testing.T, r *rig) *stack {
	t.Helper()
	s := &stack{rig: &rig{t: t, server: r.server, clients: r.clients, dir: t.TempDir()}}
	s.key = s.aesKey()
	s.write("config/app.yaml", []byte("plain"), 0o600)
	s.enc = Block{Addr: address(t, "data.encrypt.e"), Source: "config/app.yaml", Output: "dist/./app.enc",
		Seal: Seal{Key: s.key, Context: envelope.Context{"app": "x"}, Digest: true}}
	s.dec = Block{Addr: address(t, "data.decrypt.d"), Source: "dist/app.enc", Output: "run/app.yaml", Unseal: Unseal{Mode: 0o600, Digest: true}}
	s.re = Block{Addr: address(t, "data.rewrap.r"), Source: "archive/**/*.enc", Target: Target{Key: s.key}}
	s.run(s.enc, s.enc.Output)
	s.run(s.dec, s.dec.Output)
	s.write("archive/2024/one.enc", s.read("dist/app.enc"), 0o600)
	s.write("archive/note.txt", []byte("no envelope"), 0o600)
	s.write("archive/.git/two.enc", s.read("dist/app.enc"), 0o600)
	s.run(s.re, "archive/2024/one.enc")
	s.version = s.census[0].KeyVersion
	return s
}

func (s *stack) run(b Block, path string) {
	s.t.Helper()
	f, _, err := s.engine().Run(s.t.Context(), s.root(), b, plan.FileChange{Addr: b.Addr, Path: path}, nil)
	s.must(err)
	s.census = append(slices.DeleteFunc(s.census, func(o state.File) bool { return o.Address == f.Address && o.Path == f.Path }), f)
}

func (s *stack) facts(_, key string) (KeyFacts, bool) {
	if s.silent {
		return KeyFacts{}, true
	}
	return KeyFacts{ID: KeyID(key), Version: s.version}, key != "unborn"
}

// reasons are what the planner would say of each file; "" stands for no change.
func (s *stack) reasons() (string, []error) {
	s.t.Helper()
	status, errs := Status(s.root(), []Block{s.dec, s.re, s.enc}, s.census, s.facts, nil)
	var out []string
	for _, c := range plan.FileChanges(status) {
		text := c.Path + ": " + c.Reason
		if c.Action == plan.NoOp {
			text = c.Path + ": current"
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n"), errs
}

// TestStatus is every way in which a file can be stale, and the reason that is given.
func TestStatus(t *testing.T) {
	r := newRig(t)
	const current = "dist/./app.enc: current\narchive/2024/one.enc: current\nrun/app.yaml: current"
	with := func(e, re, d string) string {
		lines := strings.Split(current, "\n")
		for i, reason := range []string{e, re, d} {
			if reason != "" {
				lines[i] = strings.Replace(lines[i], "current", reason, 1)
			}
		}
		return strings.Join(lines, "\n")
	}
	for name, tt := range map[string]struct {
		change func(s *stack)
		want   string
	}{
		"nothing":           {func(s *stack) {}, current},
		"source":            {func(s *stack) { s.write("config/app.yaml", []byte("other"), 0o600) }, with("source changed", "", "source changed")},
		"context":           {func(s *stack) { s.enc.Seal.Context = envelope.Context{"app": "y"} }, with("context changed", "", "source changed")},
		"suite":             {func(s *stack) { s.enc.Seal.Suite = envelope.SM4 }, with("context changed", "", "source changed")},
		"recipients":        {func(s *stack) { s.enc.Seal.Recipients = []string{"age1x"} }, with("recipients changed", "", "source changed")},
		"key":               {func(s *stack) { s.enc.Seal.Key = "another" }, with("key changed", "", "source changed")},
		"key not there yet": {func(s *stack) { s.enc.Seal.Key = "unborn" }, with("its key does not exist yet", "", "source changed")},
		"rotation":          {func(s *stack) { s.version = "v2" }, with("key version changed", "key version changed", "source changed")},
		"envelope gone":     {func(s *stack) { s.must(os.Remove(s.path("dist/app.enc"))) }, with("the file does not exist", "", "source changed")},
		"envelope damaged":  {func(s *stack) { s.write("dist/app.enc", []byte("kmsplan.dev/envelope/v1\n"), 0o600) }, with("the file is not a whole envelope", "", "source changed")},
		"envelope cut":      {func(s *stack) { s.must(os.Truncate(s.path("dist/app.enc"), int64(len(s.read("dist/app.enc"))-1))) }, with("the file is not a whole envelope", "", "source changed")},
		"envelope another's": {func(s *stack) {
			s.write("o", []byte("plain"), 0o600)
			s.must(second(s.engine().EncryptFile(s.t.Context(), s.path("o"), s.path("dist/app.enc"), s.enc.Seal, nil)))
		}, with("the file is not the one this stack wrote", "", "source changed")},
		"plaintext gone":     {func(s *stack) { s.must(os.Remove(s.path("run/app.yaml"))) }, with("", "", "the file does not exist")},
		"plaintext edited":   {func(s *stack) { s.write("run/app.yaml", []byte("edited"), 0o600) }, with("", "", "the file is not the one this stack wrote")},
		"context demanded":   {func(s *stack) { s.dec.Unseal.Context = envelope.Context{"app": "z"} }, with("", "", "context changed")},
		"no census":          {func(s *stack) { s.census = nil }, with("the file is not the one this stack wrote", "", "source changed")},
		"argument not known": {func(s *stack) { s.enc.Unknown, s.re.Unknown = "context", "key" }, with("its context is known after apply", "its key is known after apply", "source changed")},
		// A gateway that manages nothing, or may not tell: a deploy job encrypted everything again at each run.
		"nothing tells of the key": {func(s *stack) { s.silent = true }, current},
		"nothing tells of the alias": {func(s *stack) {
			s.silent, s.enc.Seal.Key, s.re.Target.Key = true, "alias/a", "acs:kms:cn-hangzhou:1:alias/a"
		}, current},
		"nothing tells of another": {func(s *stack) { s.silent, s.enc.Seal.Key, s.re.Target.Key = true, "another", "other" }, with("key changed", "key changed", "source changed")},
		// Case S3.
		"plaintext for all":       {func(s *stack) { s.must(os.Chmod(s.path("run/app.yaml"), 0o666)) }, with("", "", "others may read it, or it is not ours")},
		"plaintext for the group": {func(s *stack) { s.must(os.Chmod(s.path("run/app.yaml"), 0o640)) }, with("", "", "others may read it, or it is not ours")},
		"plaintext setuid":        {func(s *stack) { s.must(os.Chmod(s.path("run/app.yaml"), 0o600|os.ModeSetuid)) }, with("", "", "others may read it, or it is not ours")},
		"plaintext for less":      {func(s *stack) { s.must(os.Chmod(s.path("run/app.yaml"), 0o400)) }, current},
		"plaintext as asked":      {func(s *stack) { s.dec.Unseal.Mode = 0o640; s.must(os.Chmod(s.path("run/app.yaml"), 0o640)) }, current},
		"rewrap elsewhere":        {func(s *stack) { s.re.Target.Key = "another" }, with("", "key changed", "")},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t, r)
			tt.change(s)
			got, errs := s.reasons()
			if len(errs) > 0 || got != tt.want {
				t.Errorf("errors %v\n%s\nwant\n%s", errs, got, tt.want)
			}
		})
	}
}

// TestWhatCannotBeComparedIsNoChange: a run that cannot have the stack's fingerprint key says so of every source and
// plaintext and changes none; what shows without it still does. What would need a new fingerprint is not written.
func TestWhatCannotBeComparedIsNoChange(t *testing.T) {
	r := newRig(t)
	key := make([]byte, state.FingerprintKeySize)
	with := state.NewFingerprints(func() ([]byte, error) { return key, nil })
	without := state.NewFingerprints(func() ([]byte, error) { return nil, errors.New("no right to decrypt") })
	s := newStack(t, r)
	for _, b := range []Block{s.enc, s.dec} {
		e := s.engine(func(o *Options) { o.Fingerprints = give(with) })
		f, _, err := e.Run(t.Context(), s.root(), b, plan.FileChange{Addr: b.Addr, Path: b.Output}, nil)
		s.must(err)
		s.census = append(slices.DeleteFunc(s.census, func(o state.File) bool { return o.Address == f.Address }), f)
	}
	look := func(prints *state.Fingerprints) (text string) {
		for _, f := range Survey([]Block{s.enc, s.dec}, Standing{Root: s.root(), Census: s.census, Facts: s.facts, Fingerprints: prints}) {
			c := plan.FileChanges([]plan.FileStatus{f})[0]
			text += fmt.Sprintf("%s %v %v %s\n", f.Path, f.NotCompared, c.Action == plan.NoOp, c.Reason)
		}
		return text
	}
	const enc, dec = "dist/./app.enc ", "run/app.yaml "
	for _, tt := range []struct {
		what   string
		prints *state.Fingerprints
		want   string
	}{
		{"the key", with, enc + "false true \n" + dec + "false true \n"},
		{"no key", without, enc + "true true \n" + dec + "true true \n"},
		{"no scheme", nil, enc + "true true \n" + dec + "true true \n"},
	} {
		if got := look(tt.prints); got != tt.want {
			t.Errorf("with %s:\n%s", tt.what, got)
		}
	}
	before := s.read("dist/app.enc")
	_, _, err := s.engine(func(o *Options) { o.Fingerprints = give(without) }).Run(t.Context(), s.root(), s.enc, plan.FileChange{Path: "dist/app.enc"}, nil)
	wants(t, err, "dist/app.enc was not written, because what it is made of could not be recorded: no right to decrypt")
	if string(s.read("dist/app.enc")) != string(before) {
		t.Error("it was written")
	}
	_, _, err = s.engine(func(o *Options) { o.Fingerprints = give(without) }).Run(t.Context(), s.root(), s.re, plan.FileChange{Path: "archive/2024/one.enc"}, nil)
	s.must(err) // needs none

	s.version = "v2"
	s.must(os.Remove(s.path("run/app.yaml")))
	if got := look(without); !strings.Contains(got, "key version changed") || !strings.Contains(got, "the file does not exist") {
		t.Error(got)
	}
	s.write("config/app.yaml", []byte("of another length"), 0o600)
	s.version = s.census[0].KeyVersion
	if got := look(without); !strings.Contains(got, "source changed") {
		t.Error(got)
	}
}

func give(p *state.Fingerprints) func() *state.Fingerprints {
	return func() *state.Fingerprints { return p }
}

// TestARewrapMakesNoPlaintextStale: the body stays, so nothing needs to be decrypted again.
func TestARewrapMakesNoPlaintextStale(t *testing.T) {
	s := newStack(t, newRig(t))
	s.re.Source, s.dec.Source = "archive/2024/*.enc", "archive/2024/one.enc"
	s.run(s.dec, s.dec.Output)
	s.version = s.rotate(s.key)
	if got, errs := s.reasons(); !strings.Contains(got, "one.enc: key version changed") || !strings.Contains(got, "run/app.yaml: current") {
		t.Errorf("%s, errors %v", got, errs)
	}
	s.run(s.re, "archive/2024/one.enc")
	s.run(s.enc, s.enc.Output)
	if got, errs := s.reasons(); strings.Count(got, "current") != 3 {
		t.Errorf("%s, errors %v", got, errs)
	}
}

// TestProblemsNameTheFileAndTheBlock, every one of them, and hide no other block. Case P1.
func TestProblemsNameTheFileAndTheBlock(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a stack for each of its words")
	}
	r := newRig(t)
	const e, d, re = "data.encrypt.e dist/./app.enc: ", "data.decrypt.d run/app.yaml: ", "data.rewrap.r archive/"
	for name, tt := range map[string]struct {
		change func(s *stack)
		want   []string
	}{
		"source missing":      {func(s *stack) { s.must(os.Remove(s.path("config/app.yaml"))) }, []string{e + "the source config/app.yaml does not exist"}},
		"source a directory":  {func(s *stack) { s.enc.Source = "config" }, []string{e + "the source config is a directory; name a file in it"}},
		"source a link":       {func(s *stack) { s.must(os.Symlink("app.yaml", s.path("config/l"))); s.enc.Source = "config/l" }, []string{e + "the source config/l is a symbolic link; name the file itself"}},
		"source a pattern":    {func(s *stack) { s.enc.Source = "config/*" }, []string{e + "the source config/* does not exist; it is a pattern, and one block encrypts one file: add for_each = fileset(…)"}},
		"source below a file": {func(s *stack) { s.enc.Source = "config/app.yaml/x" }, []string{e + "the source config/app.yaml/x cannot be looked at: not a directory"}},
		"source outside":      {func(s *stack) { s.enc.Source = "../x" }, []string{e + "the source ../x cannot be looked at: path escapes from parent"}},
		// Case S12.
		"source missing, key not known":    {func(s *stack) { s.enc.Unknown, s.enc.Source = "key", "none" }, []string{e + "the source none does not exist"}},
		"source not known":                 {func(s *stack) { s.enc.Unknown, s.enc.Source = "key", "" }, nil},
		"output a directory":               {func(s *stack) { s.enc.Output = "config" }, []string{"data.encrypt.e config: the output config is a directory; name a file in it"}},
		"output below a file":              {func(s *stack) { s.enc.Output = "config/app.yaml/x" }, []string{"data.encrypt.e config/app.yaml/x: the output config/app.yaml/x cannot be looked at: not a directory"}},
		"source and output":                {func(s *stack) { s.enc.Source, s.enc.Output = "none", "config" }, []string{"data.encrypt.e config: the source none does not exist; the output config is a directory; name a file in it"}},
		"envelope missing":                 {func(s *stack) { s.dec.Source = "nowhere.enc" }, []string{d + "the envelope nowhere.enc does not exist; fetch it, or encrypt it first"}},
		"envelope missing, all else known": {func(s *stack) { s.dec.Source, s.dec.Unknown = "nowhere.enc", "context" }, []string{d + "the envelope nowhere.enc does not exist; fetch it, or encrypt it first"}},
		"envelope damaged":                 {func(s *stack) { s.dec.Source = "config/app.yaml" }, []string{d + "the envelope config/app.yaml cannot be read: not a kmsplan envelope: check the path, or encrypt the file first"}},
		"plaintext a link": {func(s *stack) {
			s.must(os.Remove(s.path("run/app.yaml")))
			s.must(os.Symlink("x", s.path("run/app.yaml")))
		}, []string{d + "the output run/app.yaml is a symbolic link; name the file itself"}},
		"damaged in archive": {func(s *stack) { s.write("archive/b.enc", []byte("kmsplan.dev/envelope/v1\n-> x"), 0o600) }, []string{re + "b.enc: the envelope archive/b.enc cannot be read: the encrypted data ends too early"}},
		"two in archive": {func(s *stack) {
			s.write("archive/b.enc", []byte("kmsplan.dev/envelope/v9\n"), 0o600)
			s.write("archive/c.enc", []byte("kmsplan.dev/envelope/v9\n"), 0o600)
		}, []string{re + "b.enc: the envelope", re + "c.enc: the envelope"}},
		// Case S2.
		"no envelope in archive": {func(s *stack) { s.write("archive/p.enc", []byte("pw"), 0o600) }, []string{re + "p.enc: the envelope archive/p.enc cannot be read: not a kmsplan envelope"}},
		"empty in archive":       {func(s *stack) { s.write("archive/p.enc", nil, 0o600) }, []string{re + "p.enc: the envelope archive/p.enc cannot be read: not a kmsplan envelope"}},
		"converted in archive": {func(s *stack) {
			s.write("archive/p.enc", bytes.ReplaceAll(s.read("dist/app.enc"), []byte("\n"), []byte("\r\n")), 0o600)
		}, []string{re + "p.enc: the envelope archive/p.enc cannot be read: an envelope that was changed as if it were text: its line endings"}},
		"link in archive":            {func(s *stack) { s.must(os.Symlink("2024/one.enc", s.path("archive/l.enc"))) }, []string{re + "l.enc: the envelope archive/l.enc is a symbolic link, which is not followed"}},
		"dangling link in archive":   {func(s *stack) { s.must(os.Symlink("none", s.path("archive/l.enc"))) }, []string{re + "l.enc: the envelope archive/l.enc is a symbolic link"}},
		"linked directory":           {func(s *stack) { s.must(os.Symlink("2024", s.path("archive/now"))) }, []string{re + "now: the envelope archive/now is a symbolic link"}},
		"linked directory, no match": {func(s *stack) { s.must(os.Symlink("2024", s.path("now"))) }, nil},
		"pipe in archive":            {func(s *stack) { s.must(mkfifo(s.path("archive/l.enc"))) }, []string{re + "l.enc: the envelope archive/l.enc is not a regular file"}},
		// Case S20.
		"hard link in archive, current": {func(s *stack) { s.must(os.Link(s.path("archive/2024/one.enc"), s.path("archive/two.enc"))) }, nil},
		"hard link in archive": {func(s *stack) {
			s.must(os.Link(s.path("archive/2024/one.enc"), s.path("archive/two.enc")))
			s.version = "v2"
		}, []string{
			re + "2024/one.enc: the envelope archive/2024/one.enc needs a new header and is one file under 2 names (hard links), of which a rewrap would leave some behind; give this name a file of its own: cp -p archive/2024/one.enc archive/2024/one.enc.own && mv archive/2024/one.enc.own archive/2024/one.enc",
			re + "two.enc: the envelope archive/two.enc needs"}},
		"two blocks": {func(s *stack) { s.enc.Source, s.dec.Source = "none", "none" },
			[]string{e + "the source none does not exist", d + "the envelope none does not exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t, r)
			tt.change(s)
			var got []string
			files := map[string]bool{}
			for _, f := range Survey([]Block{s.dec, s.re, s.enc}, Standing{Root: s.root(), Census: s.census, Facts: s.facts, Fingerprints: nil}) {
				files[f.Addr.String()] = true
				if f.Problem != "" {
					got = append(got, fmt.Sprintf("%s %s: %s", f.Addr, f.Path, f.Problem))
					if c := plan.FileChanges([]plan.FileStatus{f})[0]; c.Action != plan.NoOp || c.Problem != f.Problem {
						t.Errorf("a file with a problem becomes %+v", c)
					}
				}
			}
			if len(files) != 3 {
				t.Errorf("blocks %v", files)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("problems %q", got)
			}
			for i, problem := range got {
				if !strings.HasPrefix(problem, tt.want[i]) {
					t.Errorf("%s\nwant\n%s", problem, tt.want[i])
				}
			}
		})
	}
}

// TestManyBlocks: a thousand files are looked at together, in the blocks' order, and facts are asked for one at a
// time.
func TestManyBlocks(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	var blocks []Block
	for i := range 300 {
		name := fmt.Sprintf("f%03d", i)
		r.write(name, []byte(name), 0o600)
		blocks = append(blocks, Block{Addr: address(t, "data.encrypt."+name), Source: name, Output: name + ".enc"})
	}
	status, errs := Status(r.root(), blocks, nil, func(string, string) (KeyFacts, bool) { return KeyFacts{}, true }, nil)
	if len(errs) > 0 || len(status) != len(blocks) {
		t.Fatal(errs)
	}
	for i, f := range status {
		if f.Addr != blocks[i].Addr {
			t.Fatalf("%d is %v", i, f.Addr)
		}
	}
}

// TestSightings: what matched is not digested again while it is provably the same; every doubt digests it again.
func TestSightings(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	path := r.write("a", []byte("content"), 0o600)
	print := fingerprintOf(t, path)
	entry := func(f state.Fingerprint) state.File { return state.File{SourceDigest: f, Size: int64(len("content"))} }
	later := func() time.Time { return time.Now().Add(2 * settled) }
	look := func(now func() time.Time, want state.Fingerprint) (same, remembered bool) {
		s := openSightings(r.root(), nil, now)
		f, err := os.Open(path)
		r.must(err)
		defer f.Close()
		info, err := f.Stat()
		r.must(err)
		remembered = s.has("a", sighting{durable.FactsOf(info), matchedID(want)})
		match, err := s.match("a", entry(want))
		r.must(err)
		same = match == state.Same
		s.save()
		return same, remembered
	}
	f, err := os.Open(path)
	r.must(err)
	defer f.Close()
	if !stamps(f.Fd()) {
		t.Skip("this file system is not one that is trusted")
	}
	expect := func(what string, now func() time.Time, want state.Fingerprint, same, remembered bool) {
		t.Helper()
		if s, m := look(now, want); s != same || m != remembered {
			t.Errorf("%s: same %v, remembered %v; want %v, %v", what, s, m, same, remembered)
		}
	}
	expect("just written", time.Now, print, true, false)
	expect("not remembered while young", later, print, true, false)
	expect("remembered", later, print, true, true)
	expect("another fingerprint", later, fingerprintOf(t, r.write("b", []byte("x"), 0o600)), false, false)
	modes(t, r, map[string]os.FileMode{sightingsFile: 0o600})
	text := string(r.read(sightingsFile))

	info, err := os.Stat(path)
	r.must(err)
	r.must(os.WriteFile(path, []byte("CONTENT"), 0o600)) // same size
	r.must(os.Chtimes(path, info.ModTime(), info.ModTime()))
	expect("other content of equal size and mtime", later, print, false, false)
	r.must(os.WriteFile(path, []byte("content"), 0o600))
	expect("the old content again", later, print, true, false)
	expect("remembered again", later, print, true, true)

	note := r.path(sightingsFile)
	for what, damage := range map[string]func(){
		"readable by others": func() { r.must(os.Chmod(note, 0o640)) },
		"damaged":            func() { r.must(os.WriteFile(note, []byte("{"), 0o600)) },
		"another version": func() {
			r.must(os.WriteFile(note, []byte(strings.Replace(text, `"version":1`, `"version":2`, 1)), 0o600))
		},
		"null":   func() { r.must(os.WriteFile(note, []byte(`{"version":1,"files":null}`), 0o600)) },
		"a link": func() { r.must(os.Rename(note, note+"2")); r.must(os.Symlink("files.json2", note)) },
	} {
		damage()
		expect(what, later, print, true, false)
		_ = os.Remove(note)
		expect("afterwards", later, print, true, false)
		expect("learned again", later, print, true, true)
	}
	r.must(os.Remove(path))
	s := openSightings(r.root(), nil, later)
	if _, err := s.match("a", entry(print)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a missing file: %v", err)
	}
	s.changed = true
	s.save()
	if strings.Contains(string(r.read(sightingsFile)), `"a"`) {
		t.Error("a file that is gone is remembered")
	}
}

// TestSightingsAreOnlyANote: that it cannot be written is no error, and no fingerprint matches nothing.
func TestSightingsAreOnlyANote(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	path := r.write("a", []byte("content"), 0o600)
	s := openSightings(r.root(), nil, func() time.Time { return time.Now().Add(time.Hour) })
	print := fingerprintOf(t, path)
	known := state.File{SourceDigest: print, Size: int64(len("content"))}
	if match, err := s.match("a", known); match != state.Same || err != nil {
		t.Errorf("the file does not match: %v", err)
	}
	if known.Size++; second(s.match("a", known)) != nil || len(s.known) != 1 {
		t.Errorf("remembered %v", s.known)
	}
	r.must(os.WriteFile(r.path(".kmsplan"), []byte("in the way"), 0o600))
	s.save() // no error, no panic
	s.known = nil
	if match, err := s.match("a", state.File{}); match != state.Different || err != nil {
		t.Errorf("no fingerprint matches: %v, %v", match, err)
	}
}

func fingerprintOf(t testing.TB, path string) state.Fingerprint {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := digestOf(f)
	if err != nil {
		t.Fatal(err)
	}
	return state.NewFingerprint(d[:])
}

// TestRunErrors: every argument must be known, and a rewrap that fails names its file.
func TestRunErrors(t *testing.T) {
	s := newStack(t, newRig(t))
	s.enc.Unknown = "context"
	_, _, err := s.engine().Run(t.Context(), s.root(), s.enc, plan.FileChange{}, nil)
	wants(t, err, "data.encrypt.e is still not known")
	_, _, err = s.engine().Run(t.Context(), s.root(), s.re, plan.FileChange{Path: "archive/note.txt"}, nil)
	wants(t, err, "rewrap archive/note.txt: not a kmsplan envelope")
}

// TestCensus: an entry names what is needed to tell the file, and no digest that a guess can be held
// against cheaply.
func TestCensus(t *testing.T) {
	s := newStack(t, newRig(t))
	e, d, re := s.census[0], s.census[1], s.census[2]
	if e.KeyID != s.key || e.KeyVersion == "" || e.Size != 5 || d.Size != 5 || re.Size != 5 || e.Commitment != d.Commitment || e.Commitment != re.Commitment {
		t.Errorf("census %+v", s.census)
	}
	if e.SourceDigest.IsZero() || d.SourceDigest.IsZero() || !re.SourceDigest.IsZero() || !strings.HasPrefix(e.SourceDigest.Params, "argon2id") {
		t.Errorf("digests %+v %+v %+v", e.SourceDigest, d.SourceDigest, re.SourceDigest)
	}
}

func TestGlob(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	for _, name := range []string{"a.enc", "archive/b.enc", "archive/x/c.enc", "archive/x/d.txt", ".git/e.enc", "archive/.hidden/f.enc", "archive/.g.enc",
		"archive/.kmsplan-0123456789abcdef.tmp", "w[x]/h.enc", "n\xff/i\xfe.enc"} {
		r.write(name, nil, 0o600)
	}
	r.must(os.Symlink("archive", r.path("link")))
	r.must(os.Symlink("b.enc", r.path("archive/l.enc")))
	for pattern, want := range map[string]string{
		"*.enc":                 "a.enc",
		"./archive/*.enc":       "archive/.g.enc archive/b.enc | archive/l.enc",
		"archive/**/*.enc":      "archive/.g.enc archive/b.enc archive/x/c.enc | archive/l.enc",
		"**":                    "a.enc archive/.g.enc archive/b.enc archive/x/c.enc archive/x/d.txt n\xff/i\xfe.enc w[x]/h.enc | archive/l.enc link",
		"archive/.hidden/*":     "archive/.hidden/f.enc",
		".git/**":               ".git/e.enc",
		"archive/b.enc":         "archive/b.enc",
		"nowhere/*":             "",
		"nowhere":               "",
		`w\[x\]/*`:              "w[x]/h.enc",
		"*/x/*":                 "archive/x/c.enc archive/x/d.txt | link",
		"{archive/x,nowhere}/*": "archive/x/c.enc archive/x/d.txt | link",
		"n\xff/*":               "n\xff/i\xfe.enc",
		"lin?/*.enc":            " | link",
		"link":                  " | link",
	} {
		got, err := glob(r.root(), pattern)
		var bad []string
		for _, m := range got.bad {
			bad = append(bad, m.name)
		}
		text := strings.Join(got.files, " ")
		if len(bad) > 0 {
			text += " | " + strings.Join(bad, " ")
		}
		if err != nil || text != want {
			t.Errorf("%s: %q, %v; want %q", pattern, text, err, want)
		}
	}
	for _, pattern := range []string{"../" + filepath.Base(r.dir) + "/*", "..", "/etc/*", "["} {
		if _, err := glob(r.root(), pattern); err == nil {
			t.Errorf("%s: no error", pattern)
		}
	}
}

// TestADirectoryThatCannotBeReadIsNamed, and hides no other file. Case P1.
func TestADirectoryThatCannotBeReadIsNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads every directory")
	}
	r := &rig{t: t, dir: t.TempDir()}
	r.write("a/x.enc", nil, 0o600)
	r.write("b/x.enc", nil, 0o600)
	r.must(os.Chmod(r.path("a"), 0))
	defer os.Chmod(r.path("a"), 0o700)
	got, err := glob(r.root(), "**/*.enc")
	if err != nil || len(got.files) != 1 || len(got.bad) != 1 || got.bad[0].problem != "the directory a cannot be read: permission denied" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAPatternThatMatchesNothingIsNoticed. Case S2.
func TestAPatternThatMatchesNothingIsNoticed(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	b := Block{Addr: address(t, "data.rewrap.r"), Source: "ar/*.enc"}
	got := Survey([]Block{b}, Standing{Root: r.root()})
	if len(got) != 1 || got[0].Notice != "no file matches ar/*.enc" || got[0].Problem != "" {
		t.Errorf("%+v", got)
	}
	r.write("ar/state.enc", []byte("x"), 0o600)
	got = Survey([]Block{b}, Standing{Root: r.root(), Owned: func(name string) string { return "kmsplan's" }})
	if len(got) != 1 || got[0].Notice == "" {
		t.Errorf("what kmsplan owns: %+v", got)
	}
}

// TestNewBlock turns attributes into what the engine takes; what is null, marked or of another type is no panic.
func TestNewBlock(t *testing.T) {
	str, list := cty.StringVal, cty.ListVal
	for name, tt := range map[string]struct {
		kind  string
		attrs map[string]cty.Value
		check func(Block) bool
		err   string
	}{
		"encrypt": {"encrypt", map[string]cty.Value{"key": str("k"), "source": str("a"), "output": str("b"), "suite": str("SM4_GCM"), "scope": str("run"),
			"context": cty.MapVal(map[string]cty.Value{"x": str("y")}), "recipients": list([]cty.Value{str("r")})},
			func(b Block) bool {
				return b.Seal.Suite == envelope.SM4 && b.Seal.Scope == ScopeRun && b.Seal.Context["x"] == "y" && b.Seal.Recipients[0] == "r" && b.Seal.Digest && b.Seal.Gateway == "g"
			}, ""},
		"decrypt":          {"decrypt", map[string]cty.Value{"mode": str("0640")}, func(b Block) bool { return b.Unseal.Mode == 0o640 && b.Unseal.Context == nil }, ""},
		"decrypt, no mode": {"decrypt", nil, func(b Block) bool { return b.Unseal.Mode == 0o600 }, ""},
		"decrypt, context": {"decrypt", map[string]cty.Value{"context": cty.MapValEmpty(cty.String)}, func(b Block) bool { return b.Unseal.Context != nil }, ""},
		"rewrap":           {"rewrap", map[string]cty.Value{"key": str("k"), "source": str("*")}, func(b Block) bool { return b.Target.Key == "k" && b.Source == "*" }, ""},
		"sensitive":        {"encrypt", map[string]cty.Value{"source": str("a").Mark("x")}, func(b Block) bool { return b.Source == "a" }, ""},
		"unknown":          {"encrypt", map[string]cty.Value{"key": cty.UnknownVal(cty.String)}, func(b Block) bool { return b.Unknown != "" }, ""},
		"unknown in a map": {"encrypt", map[string]cty.Value{"context": cty.MapVal(map[string]cty.Value{"a": cty.UnknownVal(cty.String)})}, func(b Block) bool { return b.Unknown != "" }, ""},
		"null":             {"encrypt", map[string]cty.Value{"key": cty.NullVal(cty.String)}, func(b Block) bool { return b.Unknown == "" && b.Seal.Key == "" }, ""},
		"null in a list":   {"encrypt", map[string]cty.Value{"recipients": list([]cty.Value{cty.NullVal(cty.String)})}, nil, "recipients holds something that is no text"},
		"null in a map":    {"encrypt", map[string]cty.Value{"context": cty.MapVal(map[string]cty.Value{"a": cty.NullVal(cty.String)})}, nil, "context holds something that is no text"},
		"no text":          {"rewrap", map[string]cty.Value{"key": cty.True}, nil, "key holds something that is no text"},
		"bad scope":        {"encrypt", map[string]cty.Value{"scope": str("week")}, nil, `"week" is no data-key scope`},
		"bad mode":         {"decrypt", map[string]cty.Value{"mode": str("rw")}, nil, `"rw" is no file mode`},
		"mode too large":   {"decrypt", map[string]cty.Value{"mode": str("77777")}, nil, "no file mode"},
		"of another kind":  {"key", nil, nil, "do nothing with files"},
	} {
		b, err := NewBlock(addr.Address{Data: true, Kind: tt.kind, Name: "x"}, "g", hcl.Body{Attrs: tt.attrs})
		switch {
		case tt.err != "":
			wants(t, err, tt.err)
		case err != nil || !tt.check(b):
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}
