package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// What is damaged beside the state is in the list with what is wrong with it, and holds up nothing.
func TestTheHistoryNamesADamagedGeneration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kmsplan.state.json")
	s := openWith(t, path, local.Options{})
	for _, id := range []string{"a", "b", "c"} {
		if err := statetest.AddResource(t.Context(), s, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(path+".d", "000002.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := s.History(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for i, k := range all {
		if damaged := i == 1; (k.Problem != "") != damaged || k.Version.Serial != uint64(3-i) || damaged && !strings.Contains(k.Problem, "000002.json") {
			t.Errorf("%+v", k)
		}
	}
}
