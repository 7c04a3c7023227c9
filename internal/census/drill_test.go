package census_test

import (
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/state"
)

// A drill opens files to their last byte by the identities alone, and says of each that they do not.
func TestADrillOpensASample(t *testing.T) {
	dir := t.TempDir()
	var files []state.File
	var ids []envelope.Identity
	for _, name := range []string{"a.enc", "b.enc", "c.enc", "missing.enc"} {
		id := seal(t, filepath.Join(dir, name), nil, underKey{"k", "v1"})
		if name != "c.enc" {
			ids = append(ids, envelope.AgeIdentity(id))
		}
		files = append(files, state.File{Address: state.ImportedAddress(name, 0), Path: name, KeyID: "k", KeyVersion: "v1"})
	}
	if err := os.Remove(filepath.Join(dir, "missing.enc")); err != nil {
		t.Fatal(err)
	}
	looked := census.Look(t.Context(), dir, files)
	d, err := census.Drill(t.Context(), dir, looked, ids, 0)
	if err != nil || d.Of != 3 || d.Lost != 1 || d.Without != 0 || len(d.Opened) != 2 || len(d.Failed) != 1 || d.Failed[0].Path != "c.enc" {
		t.Errorf("%+v %v", d, err)
	}
	if d, err := census.Drill(t.Context(), dir, looked, ids, 2); err != nil || len(d.Opened)+len(d.Failed) != 2 {
		t.Errorf("a sample of 2: %+v %v", d, err)
	}
	sealed, err := os.ReadFile(filepath.Join(dir, "a.enc"))
	if err != nil {
		t.Fatal(err)
	}
	sealed[len(sealed)-1] ^= 1
	if err := os.WriteFile(filepath.Join(dir, "a.enc"), sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	if d, _ := census.Drill(t.Context(), dir, looked, ids, 0); len(d.Opened) != 1 || len(d.Failed) != 2 {
		t.Errorf("with a damaged body: %+v", d)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := census.Drill(t.Context(), dir, looked, []envelope.Identity{envelope.AgeIdentity(stranger)}, 0); len(d.Opened) != 0 {
		t.Errorf("a stranger opens %q", d.Opened)
	}
}
