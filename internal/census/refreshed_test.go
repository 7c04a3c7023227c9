package census_test

import (
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/state"
)

// TestRefreshedFollowsARewrapOfABlocksFile under the same key, and nothing else: a header proves nothing, and the old key of a
// block's file would be let go.
func TestRefreshedFollowsARewrapOfABlocksFile(t *testing.T) {
	for name, recorded := range map[string]func(*state.File){
		"another version": func(f *state.File) { f.KeyVersion = "v0" },
		"another key":     func(f *state.File) { f.KeyID, f.KeyARN = "b", "acs:kms:cn-hangzhou:1:key/b" },
		"another context": func(f *state.File) { f.ContextDigest, f.KeyVersion = "0", "v0" },
		"another content": func(f *state.File) { f.Commitment, f.KeyVersion = "0", "v0" },
		"nothing":         func(*state.File) {},
	} {
		for _, block := range []string{"data.encrypt.e", "data.decrypt.d", "data.rewrap.r"} {
			dir := t.TempDir()
			seal(t, filepath.Join(dir, "x.enc"), nil, underKey{"a", "v1"})
			f := census.Find(dir, []string{"x.enc"}, false).Entries[0].File
			f.Address, f.Recipients = block, "r"
			if block == "data.decrypt.d" {
				f.Path, f.Source = "x", "x.enc"
			}
			recorded(&f)
			next, changed := census.Refreshed([]state.File{f}, census.Look(t.Context(), dir, []state.File{f}))
			want, follows := f, name == "another version"
			if follows {
				want.KeyVersion = "v1"
			}
			if len(next) != 1 || next[0] != want || len(changed) > 0 != follows {
				t.Errorf("%s of %s: %+v, changed %+v", name, block, next, changed)
			}
		}
	}
}
