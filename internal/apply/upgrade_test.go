package apply_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// A run of 0.1.0 was killed with four CreateKeys open, of which one took effect. This version finds out.
func TestOpenCallsOfAnOlderVersionAreResolved(t *testing.T) {
	server := emulatortest.New(t)
	dir := t.TempDir()
	ready, err := json.Marshal(server.Ready())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{readyName: ready, "main.kms.hcl": []byte("gateway \"dev\" {\n  region = \"cn-hangzhou\"\n  emulator {}\n}\n")}
	for name, from := range map[string]string{"s.json": "../state/testdata/state.1.json", "s.json.journal": "../state/local/testdata/journal.1"} {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := openEmulated(dir, nil, time.Since(time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC))+48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	at, err := state.Look(t.Context(), e.store)
	if err != nil || len(at.Open) != 4 {
		t.Fatalf("%d calls are open, %v", len(at.Open), err)
	}
	took := at.Open[1]
	a, err := addr.Parse(took.Address)
	if err != nil {
		t.Fatal(err)
	}
	made, err := e.manager.CreateKey(t.Context(), kms.CreateKeyInput{Tags: plan.OwnerTags(at.State.Lineage, a, took.Token)})
	if err != nil {
		t.Fatal(err)
	}
	found, err := apply.Recover(t.Context(), e.work)
	if err != nil || len(found.Open) != 0 || len(found.Recovered) != 4 {
		t.Fatalf("recovered %+v, %v", found.Recovered, err)
	}
	for _, r := range found.Recovered {
		if want := r.Intent.ID == took.ID; want != (r.Status == apply.Adopted) || want && r.ID != made.ID || !want && r.Status != apply.NeverHappened {
			t.Errorf("%s: %v, %s", r.Intent.Address, r.Status, r.ID)
		}
	}
	st, _, err := e.store.Read(t.Context())
	if kept, ok := state.Find(st, took.Address); err != nil || !ok || kept.ID != made.ID || st.Version != state.FormatVersion {
		t.Errorf("stored %+v, %v", kept, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "s.json.journal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the journal is still there: %v", err)
	}
}
