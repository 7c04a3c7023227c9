package scratch

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestADirectoryIsPrivateAndGoes(t *testing.T) {
	base := t.TempDir()
	d, err := Make([]string{filepath.Join(base, "missing"), base})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(d.Path)
	if err != nil || info.Mode().Perm() != 0o700 && runtime.GOOS != "windows" {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(d.Path, "x"), []byte("plain"), 0o600); err != nil {
		t.Fatal(err)
	}
	Sweep([]string{base})
	if _, err := os.Stat(filepath.Join(d.Path, "x")); err != nil {
		t.Errorf("a living run's directory was swept: %v", err)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
	if err := d.Remove(); err != nil {
		t.Errorf("removed twice: %v", err)
	}
	empty(t, filepath.Dir(d.Path))
}

// TestWhatADeadRunLeftIsSwept lets go of the lock as the end of a process does.
func TestWhatADeadRunLeftIsSwept(t *testing.T) {
	base := t.TempDir()
	dead, err := Make([]string{base})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead.Path, "x"), []byte("plain"), 0o600); err != nil {
		t.Fatal(err)
	}
	dead.lock.Close()
	next, err := Make([]string{base})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead.Path); !os.IsNotExist(err) {
		t.Errorf("what a dead run left is still there: %v", err)
	}
	if err := next.Remove(); err != nil {
		t.Fatal(err)
	}
	empty(t, filepath.Dir(next.Path))
}

// TestADirectoryOfOthersIsNotUsed: in a directory that everybody may write to, somebody may have been there first.
func TestADirectoryOfOthersIsNotUsed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("directories of temporary files are the user's own there")
	}
	open, link, good := t.TempDir(), t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(open, ownName()), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(open, ownName()), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(link, ownName())); err != nil {
		t.Fatal(err)
	}
	if d, err := Make([]string{open, link, "relative"}); err == nil {
		t.Errorf("made %s", d.Path)
	}
	d, err := Make([]string{open, link, good})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	if filepath.Dir(filepath.Dir(d.Path)) != good {
		t.Errorf("made %s", d.Path)
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
