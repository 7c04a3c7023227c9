package durable

import (
	"io/fs"
	"testing"
)

func TestAGroupThatIsNotKeptGetsNoMoreThanEverybody(t *testing.T) {
	for mode, want := range map[fs.FileMode]fs.FileMode{0o640: 0o600, 0o660: 0o600, 0o644: 0o644, 0o664: 0o644, 0o755: 0o755, 0o600: 0o600} {
		if got := groupless(mode); got != want {
			t.Errorf("without its group %o becomes %o, want %o", mode, got, want)
		}
	}
}
