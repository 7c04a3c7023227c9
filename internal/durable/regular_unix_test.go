//go:build unix

package durable

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAPipeThatTookTheNameHoldsNobody: it is opened at once, though nobody writes to it. Case §6.
func TestAPipeThatTookTheNameHoldsNobody(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	opened := make(chan error, 1)
	go func() {
		f, err := openAtOnce(root, "pipe", os.O_RDONLY)
		if err == nil {
			err = f.Close()
		}
		opened <- err
	}()
	select {
	case err = <-opened:
	case <-time.After(time.Minute): // only where it waits for good
		t.Error("it waits for a writer")
		w, openErr := os.OpenFile(pipe, os.O_WRONLY, 0)
		if openErr != nil {
			t.Fatal(openErr)
		}
		w.Close()
		err = <-opened
	}
	if err != nil {
		t.Error(err)
	}
}

// TestModesHoldUnderAnyUmask: a file has its mode from the beginning, with a name of its own and without one. Case §6:
// the mode after create.
func TestModesHoldUnderAnyUmask(t *testing.T) {
	for _, umask := range []int{0, 0o077, 0o777} {
		for _, perm := range []fs.FileMode{0o600, 0o644, 0o666} {
			d, err := Open(t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			before := syscall.Umask(umask)
			p, createErr := d.Create("pending", perm)
			f, newErr := d.CreateNew("new", perm)
			syscall.Umask(before)
			if createErr != nil || newErr != nil {
				t.Fatal(createErr, newErr)
			}
			for what, f := range map[string]*os.File{"pending": p.OS(), "new": f.OS()} {
				info, err := f.Stat()
				if err != nil || info.Mode().Perm() != perm {
					t.Errorf("%s, umask %o: mode %o, want %o (%v)", what, umask, info.Mode().Perm(), perm, err)
				}
			}
			p.Abort()
			f.Close()
			d.Close()
		}
	}
}
