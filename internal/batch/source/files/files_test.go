package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/sourcetest"
	"kmsplan.dev/kmsplan/internal/durable"
)

// tree is a source of a directory of its own.
func tree(t *testing.T, disk durable.Seam) (*Source, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(Options{Root: dir, Disk: disk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, dir
}

func put(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	to := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, content, 0o644)); err != nil {
		t.Fatal(err)
	}
	return to
}

func get(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return data
}

func opened(t *testing.T, s *Source, name string) source.Handle {
	t.Helper()
	h, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func content(text string) source.Content {
	return source.Content{Head: strings.NewReader(text), Size: int64(len(text)), Keep: -1}
}

func TestSource(t *testing.T) {
	sourcetest.Suite(t, func(t *testing.T) sourcetest.Rig {
		s, dir := tree(t, nil)
		return sourcetest.Rig{
			Source: s, Name: func(n int) string { return fmt.Sprintf("dir-%d/file-%04d", n/10, n) },
			Put: func(t *testing.T, name string, content []byte) { put(t, dir, name, content) },
			Get: func(t *testing.T, name string) []byte { return get(t, dir, name) },
			Delete: func(t *testing.T, name string) {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Error(err)
				}
			},
		}
	})
}

// Paths ascend as bytes, whatever is a directory; what is not a regular file is not among them.
func TestNamesAscendAsBytes(t *testing.T) {
	s, dir := tree(t, nil)
	want := []string{"a!", "a-b/x", "a.txt", "a/b", "a/b.c/d", "a/b/c", "a0", "b\xffc", "ü"}
	want = slices.DeleteFunc(want, func(n string) bool { return n == "a/b" }) // is a directory
	for _, name := range want {
		put(t, dir, name, nil)
	}
	put(t, dir, ".kmsplan-0123456789abcdef.tmp", nil)
	put(t, dir, probePrefix+"X", nil)
	if err := errors.Join(os.Symlink("a.txt", filepath.Join(dir, "link")), os.Symlink("a", filepath.Join(dir, "dirlink")), os.Mkdir(filepath.Join(dir, "empty"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for i := -1; i < len(want); i++ {
		after := ""
		if i >= 0 {
			after = want[i]
		}
		var got []string
		err := s.List(t.Context(), textName(after), func(o source.Object) error {
			raw, err := rawName(o.Name)
			got = append(got, raw)
			return err
		})
		if err != nil || !slices.Equal(got, want[i+1:]) {
			t.Errorf("after %q: %q, %v", after, got, err)
		}
	}
}

func TestNamesThatLeadElsewhereAreRefused(t *testing.T) {
	s, dir := tree(t, nil)
	put(t, dir, "a/b", nil)
	if err := errors.Join(os.Symlink("b", filepath.Join(dir, "a/link")), os.Symlink("a", filepath.Join(dir, "dirlink"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"a/link": source.ErrRefused, "dirlink/b": source.ErrRefused, "a": source.ErrRefused, "": source.ErrRefused, ".": source.ErrRefused,
		"../x": source.ErrRefused, "a/../a/b": source.ErrRefused, "/a/b": source.ErrRefused, "a//b": source.ErrRefused,
		"a/c": source.ErrGone, "a/b/c": source.ErrGone, "x/y": source.ErrGone,
	} {
		if h, err := s.Open(t.Context(), name); !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
			if err == nil {
				h.Close()
			}
		}
	}
}

func TestAFileOfTwoNamesIsNotWritten(t *testing.T) {
	s, dir := tree(t, nil)
	if err := os.Link(put(t, dir, "a", []byte("old")), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	h := opened(t, s, "a")
	if _, ok := h.(source.InPlace); ok {
		t.Error("it can be written in place")
	}
	if _, err := h.Replace(t.Context(), content("new")); !errors.Is(err, source.ErrRefused) || !strings.Contains(err.Error(), "2 names") {
		t.Error(err)
	}
	if got := get(t, dir, "b"); string(got) != "old" {
		t.Errorf("%q", got)
	}
}

func TestModeAndTimeStay(t *testing.T) {
	s, dir := tree(t, nil)
	old := time.Date(2020, 1, 2, 3, 4, 5, 6000, time.UTC)
	for name, write := range map[string]func(h source.Handle) error{
		"kept": func(h source.Handle) error {
			_, err := h.Replace(t.Context(), source.Content{Head: strings.NewReader("X"), Size: 1, Keep: 1})
			return err
		},
		"in place": func(h source.Handle) error {
			_, err := h.(source.InPlace).WriteAt([]byte("X"), 0)
			return err
		},
	} {
		path := put(t, dir, name, []byte("old"))
		if err := errors.Join(os.Chmod(path, 0o640), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
		h := opened(t, s, name)
		if err := errors.Join(write(h), h.Close()); err != nil {
			t.Fatal(name, err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o640 || !info.ModTime().Equal(old) || string(get(t, dir, name)) != "Xld" {
			t.Errorf("%s: %v %v %q, %v", name, info.Mode(), info.ModTime(), get(t, dir, name), err)
		}
	}
}

// A file that cannot be opened for writing is not written in place.
func TestReadOnlyFilesAreReplaced(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes every file")
	}
	s, dir := tree(t, nil)
	if err := os.Chmod(put(t, dir, "a", []byte("old")), 0o400); err != nil {
		t.Fatal(err)
	}
	h := opened(t, s, "a")
	if _, ok := h.(source.InPlace); ok {
		t.Error("it can be written in place")
	}
	if _, err := h.Replace(t.Context(), content("new")); err != nil || string(get(t, dir, "a")) != "new" {
		t.Error(err)
	}
}

// writers are the ways in which a file is written.
var writers = map[string]func(ctx context.Context, h source.Handle) error{
	"replace": func(ctx context.Context, h source.Handle) error {
		_, err := h.Replace(ctx, content("ours"))
		return err
	},
	"in place": func(_ context.Context, h source.Handle) error {
		_, err := h.(source.InPlace).WriteAt([]byte("ours"), 0)
		return err
	},
}

func TestWhatAnotherWroteStays(t *testing.T) {
	for what, foreign := range map[string]func(path string) error{
		"written to": func(path string) error { return os.WriteFile(path, []byte("others"), 0o644) },
		"replaced": func(path string) error {
			return errors.Join(os.WriteFile(path+"2", []byte("others"), 0o644), os.Rename(path+"2", path))
		},
		"far inside": func(path string) error {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("others"), headSize+1000)
			return errors.Join(err, f.Close())
		},
	} {
		for how, write := range writers {
			s, dir := tree(t, nil)
			path := put(t, dir, "a", bytes.Repeat([]byte("o"), headSize+4096))
			past := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, past, past); err != nil {
				t.Fatal(err)
			}
			h := opened(t, s, "a")
			if err := foreign(path); err != nil {
				t.Fatal(err)
			}
			want := get(t, dir, "a")
			if err := write(t.Context(), h); !errors.Is(err, source.ErrChanged) {
				t.Errorf("%s, %s: %v", what, how, err)
			}
			if got := get(t, dir, "a"); !bytes.Equal(got, want) {
				t.Errorf("%s, %s: %.20q", what, how, got)
			}
		}
	}
}

// The facts of a file are the same after two writes within a tick; its first bytes are not.
func TestAWriteWithinOneTickIsSeen(t *testing.T) {
	for how, write := range writers {
		s, dir := tree(t, nil)
		path := put(t, dir, "a", []byte("old"))
		h := opened(t, s, "a")
		if err := os.WriteFile(path, []byte("new"), 0o644); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		base(h).info = info // as if the clock had stood still
		if err := write(t.Context(), h); !errors.Is(err, source.ErrChanged) || string(get(t, dir, "a")) != "new" {
			t.Errorf("%s: %v", how, err)
		}
	}
}

func base(h source.Handle) *handle {
	if in, ok := h.(*inPlace); ok {
		return in.handle
	}
	return h.(*handle)
}

// Many workers open one file, and then write it at once.
func TestOfManyWorkersOneWrites(t *testing.T) {
	for how, write := range writers {
		s, dir := tree(t, nil)
		for round := range 20 {
			put(t, dir, "a", fmt.Appendf(nil, "old %d", round))
			var handles []source.Handle
			for range 8 {
				handles = append(handles, opened(t, s, "a"))
			}
			var wg sync.WaitGroup
			errs := make([]error, len(handles))
			for i, h := range handles {
				wg.Go(func() { errs[i] = errors.Join(write(t.Context(), h), h.Close()) })
			}
			wg.Wait()
			written := 0
			for _, err := range errs {
				if err == nil {
					written++
				} else if !errors.Is(err, source.ErrChanged) {
					t.Error(err)
				}
			}
			if written != 1 {
				t.Errorf("%s: %d of %d wrote", how, written, len(handles))
			}
		}
	}
}

func TestAFileThatIsHeldIsWaitedFor(t *testing.T) {
	s, dir := tree(t, nil)
	path := put(t, dir, "a", []byte("old"))
	other, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := durable.TryLock(other); err != nil {
		t.Fatal(err)
	}
	s.o.Patience = 20 * time.Millisecond
	if _, err := opened(t, s, "a").Replace(t.Context(), content("new")); !errors.Is(err, durable.ErrHeld) || errors.Is(err, source.ErrChanged) {
		t.Error(err)
	}
	other.Close()
	if _, err := opened(t, s, "a").Replace(t.Context(), content("new")); err != nil {
		t.Error(err)
	}
}

func TestAFileSystemWithoutLocksIsRefused(t *testing.T) {
	seam, err := durable.ParseFault("skip:lock:1+")
	if err != nil {
		t.Fatal(err)
	}
	s, dir := tree(t, seam)
	if err := s.Probe(t.Context()); !errors.Is(err, source.ErrRefused) {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
