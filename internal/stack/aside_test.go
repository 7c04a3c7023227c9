package stack

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A state that leaves this machine twice is set aside twice, each time with its generations.
func TestAStateIsSetAsideWithItsGenerations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	for n, want := range []string{path + ".migrated", path + ".migrated-2", path + ".migrated-3"} {
		generation := filepath.Join(path+".d", "000001.json")
		err := errors.Join(os.MkdirAll(path+".d", 0o700), os.WriteFile(path, []byte{byte(n)}, 0o600), os.WriteFile(generation, []byte{byte(n)}, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		name, err := setAside(path)
		if err != nil || name != want {
			t.Fatalf("set aside as %s, %v; want %s", name, err, want)
		}
		for _, kept := range []string{name, filepath.Join(name+".d", "000001.json")} {
			if data, err := os.ReadFile(kept); err != nil || len(data) != 1 || data[0] != byte(n) {
				t.Errorf("%s holds %v, %v", kept, data, err)
			}
		}
		if left, _ := filepath.Glob(path + "*"); len(left) != 2*(n+1) {
			t.Errorf("there are %v", left)
		}
	}
}
