package census_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/state"
)

// TestRefreshedFollowsARewrapOfABlocksFile under the same key, and nothing else: a header proves nothing, and the old key of a
// block's file would be let go.
func TestRefreshedFollowsARewrapOfABlocksFile(t *testing.T) {
	for name, tt := range map[string]struct{ from, to, version string }{
		"another version": {" v1 ", " v2 ", "v2"}, "another key": {"key/a", "key/b", "v1"}, "another context": {"app=x", "app=y", "v1"}, "nothing": {"", "", "v1"},
	} {
		for _, block := range []string{"data.encrypt.e", "data.decrypt.d", "data.rewrap.r"} {
			dir := t.TempDir()
			path := filepath.Join(dir, "x.enc")
			seal(t, path, map[string]string{"app": "x"}, underKey{"a", "v1"})
			f := census.Find(dir, []string{"x.enc"}, false).Entries[0].File
			f.Address = block
			if block == "data.decrypt.d" {
				f.Path, f.Source = "x", "x.enc"
			}
			content, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(content, []byte(tt.from)) {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, bytes.Replace(content, []byte(tt.from), []byte(tt.to), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			next, changed := census.Refreshed([]state.File{f}, census.Look(t.Context(), dir, []state.File{f}))
			want := f
			want.KeyVersion = tt.version
			if len(next) != 1 || next[0] != want || len(changed) > 0 != (tt.version == "v2") {
				t.Errorf("%s of %s: %+v, changed %+v", name, block, next, changed)
			}
		}
	}
}
