package files

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// TestNamesThatAreNoTextComeBack: manifests, ledgers and databases keep text.
func TestNamesThatAreNoTextComeBack(t *testing.T) {
	dir := t.TempDir()
	names := []string{"caf\xe9.enc", `back\slash`, "plain", "日本"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600); err != nil {
			t.Skip(err)
		}
	}
	s, err := Open(Options{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen, last := 0, ""
	err = s.List(t.Context(), "", func(o source.Object) error {
		text, err := json.Marshal(o.Name)
		var kept string
		if err == nil {
			err = json.Unmarshal(text, &kept)
		}
		if err != nil || kept != o.Name {
			t.Errorf("%q is kept as %q: %v", o.Name, kept, err)
		}
		h, err := s.Open(t.Context(), kept)
		if err != nil {
			return err
		}
		defer h.Close()
		if h.Object().Name != o.Name {
			t.Errorf("%q is opened as %q", o.Name, h.Object().Name)
		}
		_, err = h.Replace(t.Context(), source.Content{Head: bytes.NewReader([]byte("new")), Size: 3, Keep: -1})
		seen, last = seen+1, o.Name
		return err
	})
	if err != nil || seen != len(names) {
		t.Errorf("%d of %d names: %v", seen, len(names), err)
	}
	for _, name := range names {
		if got, _ := os.ReadFile(filepath.Join(dir, name)); string(got) != "new" {
			t.Errorf("%q has %q", name, got)
		}
	}
	if err := s.List(t.Context(), last, func(o source.Object) error { t.Errorf("after the last comes %q", o.Name); return nil }); err != nil {
		t.Error(err)
	}
}
