package ops

import (
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"kmsplan.dev/kmsplan/internal/durable"
)

// unprivileged does the work as a user who owns nothing here; root becomes one for it.
func unprivileged(t *testing.T, work func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		work()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, err := unix.SetfsuidRetUid(54321); err != nil {
		t.Skip("the user cannot be changed:", err)
	}
	defer unix.SetfsuidRetUid(0)
	work()
}

// TestAGroupThatIsLostTakesItsRightsAlong: where owner and group of the replaced file could not be kept, nobody else's
// group gets what that group had; what everybody has stays. Case §6.
func TestAGroupThatIsLostTakesItsRightsAlong(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for mode, want := range map[fs.FileMode]fs.FileMode{0o640: 0o600, 0o664: 0o644, 0o775: 0o755, 0o600: 0o600} {
		var f *os.File
		var err error
		unprivileged(t, func() {
			if f, err = root.OpenFile(mode.String(), os.O_CREATE|os.O_RDWR, 0o600); err == nil {
				err = durable.Attributes{Mode: mode, UID: 0, GID: 12345}.Give(f)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		f.Close()
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("mode %o of another group became %o, want %o (%v)", mode, info.Mode().Perm(), want, err)
		}
	}
}

// TestModesDoNotDependOnTheUmask: an output gets its mode, and until then nobody but its owner may read it,
// whatever the process's umask says. Case §6: the mode after create.
func TestModesDoNotDependOnTheUmask(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	for _, umask := range []int{0, 0o077, 0o777} {
		before := syscall.Umask(umask)
		o := created(r, 0o664, nil)
		info, err := o.file.OS().Stat()
		r.must(err)
		err = o.Commit()
		o.Abort()
		syscall.Umask(before)
		r.must(err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("under umask %o the file began as %o", umask, info.Mode().Perm())
		}
		modes(t, r, map[string]os.FileMode{"f": 0o664})
		r.must(os.Remove(r.path("f")))
	}
}
