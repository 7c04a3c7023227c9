package census_test

import (
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/state"
)

// wrote is a file that the census has, written anew under a key, and what the census has of it then.
func wrote(t *testing.T, block string, under underKey) (was, is state.File, changed int, kept []census.Entry) {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, "x.enc")
	seal(t, at, nil, underKey{"a", "v1"})
	was = census.Find(dir, []string{"x.enc"}, false).Entries[0].File
	if block != "" {
		was.Address = block
	}
	if block == "data.decrypt.d" {
		was.Path, was.Source = "x", "x.enc"
	}
	other := was
	other.Address, other.Path, other.Source = "data.encrypt.other", "other.enc", ""
	if err := os.Remove(at); err != nil {
		t.Fatal(err)
	}
	seal(t, at, nil, under)
	next, changed, kept := census.Wrote(dir, []state.File{was, other}, []string{at, filepath.Join(dir, "not-of-it.enc")})
	if len(next) != 2 || next[1] != other {
		t.Errorf("%s: another file is in it: %+v", block, next)
	}
	return was, next[0], changed, kept
}

// TestWroteFollowsWhatHasNoOtherSource: files that were taken up, and those of rewrap blocks under the same key, are what kmsplan
// made of them.
func TestWroteFollowsWhatHasNoOtherSource(t *testing.T) {
	for _, c := range []struct {
		block   string
		under   underKey
		follows bool
	}{
		{"", underKey{"a", "v1"}, true}, {"", underKey{"a", "v2"}, true}, {"", underKey{"b", "v1"}, true},
		{"data.rewrap.r", underKey{"a", "v2"}, true}, {"data.rewrap.r", underKey{"b", "v1"}, false},
	} {
		was, is, changed, kept := wrote(t, c.block, c.under)
		switch {
		case c.follows && (is.KeyID != c.under.key || is.KeyVersion != c.under.version || is.Commitment == was.Commitment || changed != 1 || len(kept) > 0):
			t.Errorf("%q under %v: %+v, %d, kept %+v", c.block, c.under, is, changed, kept)
		case !c.follows && (is != was || changed != 0 || len(kept) != 1):
			t.Errorf("%q under %v: %+v, %d, kept %+v", c.block, c.under, is, changed, kept)
		}
	}
}

// TestWroteLeavesBlocksWhatTheyKeep: the output of an encrypt block is not what the block would write, and a plaintext is still
// that of the old envelope.
func TestWroteLeavesBlocksWhatTheyKeep(t *testing.T) {
	for _, block := range []string{"data.encrypt.e", "data.decrypt.d"} {
		was, is, changed, kept := wrote(t, block, underKey{"a", "v1"})
		if is != was || changed != 0 || len(kept) != 1 || "data."+kept[0].Kind()+"."+block[len(block)-1:] != block {
			t.Errorf("%s: %+v, %d, kept %+v", block, is, changed, kept)
		}
	}
}

// TestWroteGoesOnCountingWhatIsPlain: a file that was decrypted in its place may be encrypted again in a moment.
func TestWroteGoesOnCountingWhatIsPlain(t *testing.T) {
	dir := t.TempDir()
	at := filepath.Join(dir, "x.enc")
	seal(t, at, nil, underKey{"a", "v1"})
	f := census.Find(dir, []string{"x.enc"}, false).Entries[0].File
	if err := os.WriteFile(at, []byte("plain"), 0o600); err != nil {
		t.Fatal(err)
	}
	next, changed, kept := census.Wrote(dir, []state.File{f}, []string{at})
	if len(next) != 1 || next[0] != f || changed != 0 || len(kept) != 1 || kept[0].Status != census.Unreadable {
		t.Errorf("%+v, %d, %+v", next, changed, kept)
	}
}
