package ops

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
)

// named is a disk without files that have no name.
func named(op durable.Op) error {
	if op.Kind == durable.Create && op.Name == "" {
		return errors.ErrUnsupported
	}
	return nil
}

// created is a begun output f.
func created(r *rig, mode fs.FileMode, disk durable.Seam) *output {
	r.t.Helper()
	o, err := newOutput(place{root: r.root(), name: "f"}, func(fs.FileInfo) durable.Attributes { return durable.NewFile(mode) })
	r.must(err)
	o.disk = disk
	r.must(o.create())
	return o
}

// TestOutput: with a temporary name and without one, nothing is seen before Commit, Abort leaves nothing, and
// Commit leaves the one file with its mode.
func TestOutput(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	for name, disk := range map[string]durable.Seam{"named": named, "as the system can": nil} {
		t.Run(name, func(t *testing.T) {
			r.write("f", []byte("old"), 0o600)
			o := created(r, 0o640, disk)
			_, err := o.Write([]byte("half"))
			r.must(err)
			info, err := o.file.OS().Stat()
			r.must(err)
			if string(r.read("f")) != "old" || info.Mode() != 0o600 {
				t.Errorf("before Commit: %q, mode %v", r.read("f"), info.Mode())
			}
			o.Abort()
			if got := r.tree(); !slices.Equal(got, []string{"f"}) || string(r.read("f")) != "old" {
				t.Errorf("after Abort: %v", got)
			}
			o = created(r, 0o640, disk)
			_, err = o.Write([]byte("new"))
			r.must(err)
			r.must(o.Commit())
			o.Abort()
			if got := r.tree(); !slices.Equal(got, []string{"f"}) || string(r.read("f")) != "new" {
				t.Errorf("after Commit: %v", got)
			}
			modes(t, r, map[string]os.FileMode{"f": 0o640})
		})
	}
}

// TestNothingHasANameBeforeCommit, where the system can: what is killed leaves nothing.
func TestNothingHasANameBeforeCommit(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("files without a name exist on Linux only")
	}
	r := &rig{t: t, dir: t.TempDir()}
	temporary := false
	o := created(r, 0o600, func(op durable.Op) error {
		temporary = temporary || op.Kind == durable.Create && op.Name != ""
		return nil
	})
	defer o.Abort()
	_, err := o.Write([]byte("plaintext"))
	r.must(err)
	if temporary {
		t.Skip("this file system has no files without a name")
	}
	if got := r.tree(); len(got) > 0 {
		t.Errorf("there is %v", got)
	}
}

// TestLongNames: a temporary name does not grow with the file's.
func TestLongNames(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	name := strings.Repeat("n", 255)
	r.must(WriteFile(r.path(name), 0o600, func(w io.Writer) error { _, err := w.Write([]byte("x")); return err }))
	if string(r.read(name)) != "x" {
		t.Error("not written")
	}
}

// TestWriteFile keeps the old file when the writing fails, and widens no mode.
func TestWriteFile(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	text := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error { _, _ = w.Write([]byte(s)); return err }
	}
	boom := errors.New("boom")
	if err := WriteFile(r.path("a/b/c"), 0o600, text("x", boom)); !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	r.must(WriteFile(r.path("a/b/c"), 0o644, text("one", nil)))
	if err := WriteFile(r.path("a/b/c"), 0o644, text("two", boom)); !errors.Is(err, boom) || string(r.read("a/b/c")) != "one" {
		t.Errorf("error %v, content %q", err, r.read("a/b/c"))
	}
	modes(t, r, map[string]os.FileMode{"a/b/c": 0o644})
	r.must(WriteFile(r.path("a/b/c"), 0o600, text("", nil)))
	modes(t, r, map[string]os.FileMode{"a/b/c": 0o600})
	r.must(os.Chmod(r.path("a/b/c"), 0o400))
	r.must(WriteFile(r.path("a/b/c"), 0o600, text("private", nil)))
	modes(t, r, map[string]os.FileMode{"a/b/c": 0o400})
	if string(r.read("a/b/c")) != "private" {
		t.Error("not written")
	}
}

// TestPlaintextModes: a plaintext is never readable for more people than asked for.
func TestPlaintextModes(t *testing.T) {
	r := newRig(t)
	e := r.engine()
	path := r.encrypted(e, "a", []byte("x"), Seal{Key: r.aesKey()})
	for _, tt := range []struct{ old, asked, want os.FileMode }{
		{0, 0, 0o600}, {0, 0o640, 0o640}, {0o644, 0, 0o600}, {0o400, 0, 0o400}, {0o644, 0o600, 0o600}, {0o600, 0o640, 0o640},
	} {
		r.must(os.RemoveAll(r.path("out")))
		if tt.old != 0 {
			r.write("out", []byte("old"), tt.old)
		}
		r.must(second(e.DecryptFile(t.Context(), path, r.path("out"), Unseal{Mode: tt.asked}, nil)))
		modes(t, r, map[string]os.FileMode{"out": tt.want})
	}
}

// TestOwnersSurvive: a replaced file keeps owner and group; who may not give it away widens nothing.
func TestOwnersSurvive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	r := newRig(t)
	e, key := r.engine(), r.aesKey()
	path := r.encrypted(e, "a", []byte("x"), Seal{Key: key})
	r.write("out", []byte("old"), 0o600)
	r.must(errors.Join(os.Chown(path, 1234, 2345), os.Chown(r.path("out"), 1234, 2345)))
	r.must(second(e.EncryptFile(t.Context(), r.path("a"), path, Seal{Key: key}, nil)))
	r.must(second(e.DecryptFile(t.Context(), path, r.path("out"), Unseal{}, nil)))
	r.rotate(key)
	r.must(third(e.Rewrap(t.Context(), path, Target{Key: key})))
	for _, name := range []string{"a.enc", "out"} {
		info, err := os.Stat(r.path(name))
		r.must(err)
		if a := durable.AttributesOf(info); a.UID != 1234 || a.GID != 2345 {
			t.Errorf("%s belongs to %d:%d", name, a.UID, a.GID)
		}
	}
}

// TestSweep removes what dead writers left, and nothing else.
func TestSweep(t *testing.T) {
	r := newRig(t)
	old := time.Now().Add(-time.Hour)
	names := []string{".kmsplan-0123456789abcdef.tmp", ".kmsplan-00000000000000aa.tmp", ".kmsplan-00000000000000bb.tmp", ".kmsplan-notes.tmp", "x.tmp"}
	for _, name := range names {
		r.must(os.Chtimes(r.write(name, []byte("plaintext"), 0o600), old, old))
	}
	r.must(os.Chtimes(r.path(names[1]), time.Now(), time.Now()))
	alive, err := os.Open(r.path(names[2]))
	r.must(err)
	defer alive.Close()
	r.must(tryLock(alive))
	r.encrypted(r.engine(), "a", []byte("x"), Seal{Key: r.aesKey()})
	for i, name := range names {
		swept := i == 0 || i == 1 && runtime.GOOS == "linux" // a young one may not be locked yet where files have names at once
		if _, err := os.Stat(r.path(name)); (err == nil) == swept {
			t.Errorf("%s: %v", name, err)
		}
		_ = os.Remove(r.path(name))
	}
}

// TestChangedWhileRead: a source that is written to while it is read is refused; one that is replaced is read
// whole, as it was.
func TestChangedWhileRead(t *testing.T) {
	r := newRig(t)
	e, seal := r.engine(), Seal{Key: r.aesKey()}
	content := pattern(3<<20, 1)
	for name, change := range map[string]func(){
		"grown":     func() { f, _ := os.OpenFile(r.path("a"), os.O_WRONLY|os.O_APPEND, 0); f.Write([]byte("x")); f.Close() },
		"rewritten": func() { f, _ := os.OpenFile(r.path("a"), os.O_WRONLY, 0); f.WriteAt([]byte("x"), 0); f.Close() },
		"cut":       func() { os.Truncate(r.path("a"), 5) },
		"restamped": func() {
			f, _ := os.OpenFile(r.path("a"), os.O_WRONLY, 0)
			i, _ := f.Stat()
			f.WriteAt([]byte("x"), 0)
			f.Close()
			os.Chtimes(r.path("a"), i.ModTime(), i.ModTime())
		},
	} {
		r.write("a", content, 0o600)
		old := r.encrypted(e, "b", []byte("old"), seal)
		once := change
		_, err := e.EncryptFile(t.Context(), r.path("a"), old, seal, func(int64, int64) { once(); once = func() {} })
		if wants(t, err, "changed while it was read"); t.Failed() {
			t.Fatal(name)
		}
		r.opens(old, []byte("old"))
		r.tree()
	}
	r.write("a", content, 0o600)
	once := func() { r.write("next", []byte("next"), 0o600); r.must(os.Rename(r.path("next"), r.path("a"))) }
	_, err := e.EncryptFile(t.Context(), r.path("a"), r.path("a.enc"), seal, func(int64, int64) { once(); once = func() {} })
	r.must(err)
	r.opens(r.path("a.enc"), content)
}

// TestInterruptedHalfway: the context's cause is the error, and the old file stays.
func TestInterruptedHalfway(t *testing.T) {
	r := newRig(t)
	e, seal := r.engine(), Seal{Key: r.aesKey()}
	path := r.encrypted(e, "a", pattern(3<<20, 1), seal)
	before := r.read("a.enc")
	for name, work := range map[string]func(context.Context, Progress) error{
		"encrypt": func(ctx context.Context, p Progress) error {
			return second(e.EncryptFile(ctx, r.path("a"), path, seal, p))
		},
		"decrypt": func(ctx context.Context, p Progress) error {
			return second(e.DecryptFile(ctx, path, r.path("out"), Unseal{}, p))
		},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if err := work(ctx, func(int64, int64) { cancel(errors.New("stopped by hand")) }); err == nil || !strings.Contains(err.Error(), "stopped by hand") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if !bytes.Equal(r.read("a.enc"), before) || len(r.tree()) != 2 {
		t.Errorf("there is %v", r.tree())
	}
}
