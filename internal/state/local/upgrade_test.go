package local_test

import (
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// old is a store as a run of 0.1.0 left it that was killed in the middle: state and journal of format 1.
func old(t *testing.T) *local.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.json")
	for name, from := range map[string]string{path: "../testdata/state.1.json", path + ".journal": "testdata/journal.1"} {
		if err := os.WriteFile(name, must(os.ReadFile(from)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return openLocal(t, path)
}

func TestAJournalOfFormat1IsReadAndGoesOnInThePresentOne(t *testing.T) {
	l := old(t)
	seen, err := state.Look(t.Context(), l)
	if err != nil || len(seen.Open) != 4 || len(seen.State.Resources) != 14 || seen.State.Serial != 3 {
		t.Fatalf("saw %d objects and %d open calls at serial %d, %v", len(seen.State.Resources), len(seen.Open), seen.State.Serial, err)
	}
	j, _, err := state.Open(t.Context(), l, "test")
	if err != nil {
		t.Fatal(err)
	}
	first := seen.Open[0]
	appendAll(t, j, state.End(first.ID, state.Result{Error: "it was not carried out"}),
		state.FileEntry(state.File{Address: "data.encrypt.f", Path: `a\b`}))
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	if got := entriesOf(t, l); got[0].Header.Format != state.JournalFormat || len(got) != 42 {
		t.Errorf("the journal goes on in format %d with %d entries", got[0].Header.Format, len(got))
	}
	at, err := startJournal(t, l).Commit(t.Context())
	if err != nil || len(at.Open) != 3 || at.State.Serial != 3 || len(at.State.Resources) != 14 || len(at.State.Files) != 2 {
		t.Errorf("committed %+v, %v", at, err)
	}
	st, _, err := l.Read(t.Context())
	if err != nil || st.Version != state.FormatVersion || st.Serial != 3 {
		t.Errorf("stored format %d, serial %d, %v", st.Version, st.Serial, err)
	}
	if kept, err := l.Generation(t.Context(), 2); err != nil || kept.Serial != 2 {
		t.Errorf("the state that was upgraded is not kept: %v", err)
	}
}
