package census_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/state"
)

// underKey is a recipient that writes the stanza of a KMS key; what it wraps is not opened here.
type underKey struct{ key, version string }

func (u underKey) Wrap(context.Context, []byte, envelope.Context) ([]*envelope.Stanza, error) {
	s, err := envelope.KMSStanza{KeyARN: "acs:kms:cn-hangzhou:1:key/" + u.key, KeyVersionID: u.version, Protocol: "shared", Blob: []byte("blob")}.Stanza()
	return []*envelope.Stanza{s}, err
}

// seal writes an envelope and returns the identity of its break-glass recipient.
func seal(t *testing.T, name string, ec envelope.Context, under ...underKey) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipients := []envelope.Recipient{envelope.AgeRecipient(id.Recipient())}
	for _, u := range under {
		recipients = append(recipients, u)
	}
	var b bytes.Buffer
	w, err := envelope.Seal(t.Context(), &b, envelope.Options{Context: ec, Recipients: recipients})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("plain")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return id
}

// taken is a module's directory with two files in the census: one of them under two keys.
func taken(t *testing.T) (dir string, st state.State) {
	t.Helper()
	dir = t.TempDir()
	seal(t, filepath.Join(dir, "a.enc"), envelope.Context{"app": "orders"}, underKey{"k", "v1"})
	seal(t, filepath.Join(dir, "sub", "b.enc"), nil, underKey{"k", "v1"}, underKey{"other", "o1"})
	seal(t, filepath.Join(dir, ".git", "hidden.enc"), nil, underKey{"k", "v1"})
	for name, text := range map[string]string{"plain": "text", "empty": "", "damaged.enc": "kmsplan.dev/envelope/v1\n-> broken"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a.enc", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	found := census.Find(dir, []string{"."}, true)
	for _, p := range found.Passed {
		if p.Found != (p.Path == "link") {
			t.Errorf("%+v", p)
		}
	}
	if found.Plain != 2 || len(found.Entries) != 3 || len(found.Passed) != 2 {
		t.Fatalf("%d plain, %d entries, passed %+v", found.Plain, len(found.Entries), found.Passed)
	}
	st, took := census.Take(st, found.Entries)
	if len(took.New) != 3 || len(st.Files) != 3 {
		t.Fatalf("%+v", took)
	}
	return dir, st
}

func TestFilesOfOthersAreTakenUp(t *testing.T) {
	dir, st := taken(t)
	var got []string
	for _, f := range st.Files {
		got = append(got, f.Address+" "+f.KeyID+" "+f.KeyVersion)
	}
	want := []string{`census.file["a.enc"] k v1`, `census.file["sub/b.enc"] k v1`, `census.file_2["sub/b.enc"] other o1`}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, e := range census.Look(t.Context(), dir, st.Files) {
		if e.Status != census.Current || !e.BreakGlass {
			t.Errorf("%+v", e)
		}
	}
	again, took := census.Take(st, census.Find(dir, []string{"sub", "a.enc", "a.enc"}, true).Entries)
	if took.Same != 3 || !state.SameContent(again, st) {
		t.Errorf("%+v", took)
	}
}

// What a data block keeps is not taken from it, and what no KMS key opens is not counted.
func TestWhatIsNotTakenUp(t *testing.T) {
	dir := t.TempDir()
	seal(t, filepath.Join(dir, "block.enc"), nil, underKey{"k", "v1"})
	seal(t, filepath.Join(dir, "age-only.enc"), nil)
	st := state.State{Files: []state.File{{Address: "data.decrypt.x", Path: "plain", Source: "block.enc", KeyID: "k"}}}
	next, took := census.Take(st, census.Find(dir, []string{"."}, true).Entries)
	if len(took.Kept) != 1 || len(took.Loose) != 1 || len(next.Files) != 1 {
		t.Errorf("%+v", took)
	}
}

// A file that was rewrapped since counts as it is now.
func TestWhatChangedCountsAsItIs(t *testing.T) {
	dir, st := taken(t)
	seal(t, filepath.Join(dir, "a.enc"), nil, underKey{"k", "v2"})
	next, changed := census.Refreshed(st.Files, census.Look(t.Context(), dir, st.Files))
	if len(changed) != 1 || changed[0].Status != census.Changed || changed[0].Was.KeyVersion != "v1" || next[0].KeyVersion != "v2" || len(next) != 3 {
		t.Errorf("%+v", changed)
	}
	if !changed[0].Needs("k", "v2") || changed[0].Needs("k", "v1") || changed[0].Needs("other", "") {
		t.Error("it needs what it needed before")
	}
}

// A file that is missing, or is no envelope any more, goes on needing the key that it was last known under.
func TestWhatIsMissingGoesOnCounting(t *testing.T) {
	dir, st := taken(t)
	if err := os.Remove(filepath.Join(dir, "a.enc")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sub", "b.enc"), []byte("plain"), 0o600); err != nil {
		t.Fatal(err)
	}
	next, changed := census.Refreshed(st.Files, census.Look(t.Context(), dir, st.Files))
	if len(next) != 3 || len(changed) != 3 || changed[0].Status != census.Missing || changed[1].Status != census.Unreadable || next[0].KeyID != "k" {
		t.Errorf("%d entries stay; %+v", len(next), changed)
	}
}

// A file that a data block took up since is its block's.
func TestABlockTakesOver(t *testing.T) {
	dir, st := taken(t)
	files := append(slices.Clone(st.Files), state.File{Address: "data.rewrap.all", Path: "a.enc", KeyID: "k", KeyVersion: "v1"})
	next, changed := census.Refreshed(files, census.LookAtImported(t.Context(), dir, files))
	if len(next) != 3 || len(changed) != 1 || next[2].Address != "data.rewrap.all" {
		t.Errorf("%+v", next)
	}
}

func TestPathsBelow(t *testing.T) {
	below, err := census.Below(t.TempDir(), []string{"a/", "b.enc"})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"a/x.enc": true, "a": true, "ab/x.enc": false, "b.enc": true, "b.enc2": false, "../a/x": false} {
		if below(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// An envelope that a block of this stack writes is skipped below a directory, too, and its entry stays as it is.
func TestOwnEnvelopesAreSkipped(t *testing.T) {
	dir := t.TempDir()
	seal(t, filepath.Join(dir, "dist", "own.enc"), nil, underKey{"k", "v2"})
	seal(t, filepath.Join(dir, "dist", "theirs.enc"), nil, underKey{"k", "v1"})
	own := state.File{Address: "data.encrypt.x", Path: "dist/own.enc", Source: "x", KeyID: "k", KeyVersion: "v1"}
	next, took := census.Take(state.State{Files: []state.File{own}}, census.Find(dir, []string{"dist"}, true).Entries)
	if len(took.Kept) != 1 || took.Kept[0] != own || len(took.New) != 1 || took.New[0].Path != "dist/theirs.enc" {
		t.Errorf("%+v", took)
	}
	if len(next.Files) != 2 || !slices.Contains(next.Files, own) {
		t.Errorf("%+v", next.Files)
	}
}

// Files that were taken up are renewed when they are taken up again: by their key, and without what opens them no more.
func TestFilesThatWereTakenUpAreRenewed(t *testing.T) {
	dir, st := taken(t)
	seal(t, filepath.Join(dir, "a.enc"), envelope.Context{"app": "orders"}, underKey{"k", "v2"})
	seal(t, filepath.Join(dir, "sub", "b.enc"), nil, underKey{"new", "n1"})
	next, took := census.Take(st, census.Find(dir, []string{"."}, true).Entries)
	if len(took.New) != 0 || len(took.Renewed) != 2 || took.Same != 0 {
		t.Errorf("%+v", took)
	}
	var got []string
	for _, f := range next.Files {
		got = append(got, f.Address+" "+f.KeyID+" "+f.KeyVersion)
	}
	if want := []string{`census.file["a.enc"] k v2`, `census.file["sub/b.enc"] new n1`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
