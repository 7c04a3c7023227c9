package state

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
)

// The address of an imported entry is one that every command reads, whatever bytes the path has.
func TestImportedEntriesHaveAddresses(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range []string{"a.enc", `b\c.enc`, "n\xff.enc", `q"uo.enc`, "../beside/x.enc", "ä/ö.enc", "line\nbreak"} {
		for n := range 3 {
			f := File{Address: ImportedAddress(path, n), Path: path}
			a, err := addr.Parse(f.Address)
			if err != nil || a.String() != f.Address || !f.Imported() || seen[f.Address] {
				t.Errorf("%q: %s, %v", path, f.Address, err)
			}
			seen[f.Address] = true
		}
	}
	for _, address := range []string{"data.encrypt.a", "key.census", `data.census.file["a"]`, "census"} {
		if (File{Address: address}).Imported() {
			t.Errorf("%s counts as imported", address)
		}
	}
	st := State{Files: []File{{Address: ImportedAddress("a", 0), Path: "a"}, {Address: ImportedAddress("b", 0), Path: "b"}, {Address: "data.encrypt.a", Path: "a"}}}
	if next, gone, err := Remove(st, `census.file["a"]`); err != nil || len(gone) != 1 || len(next.Files) != 2 {
		t.Error(next.Files, gone, err)
	}
	if next, gone, err := Remove(st, "census.file"); err != nil || len(gone) != 2 || len(next.Files) != 1 {
		t.Error(next.Files, gone, err)
	}
}
