package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// archived is a directory as it lies under testdata: names, modes and content, and nothing of the day it was made on.
type archived map[string]archivedFile

type archivedFile struct {
	mode fs.FileMode
	data []byte
}

// serverPrefix is where in an archive that stands which a server holds.
const serverPrefix = "server/"

// readDir takes a directory up.
func readDir(t *testing.T, dir string) archived {
	t.Helper()
	a := archived{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		a[filepath.ToSlash(rel)] = archivedFile{info.Mode().Perm(), data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// add puts another archive under a prefix.
func (a archived) add(prefix string, other archived) {
	for name, f := range other {
		a[prefix+name] = f
	}
}

// under is what lies under a prefix.
func (a archived) under(prefix string) archived {
	out := archived{}
	for name, f := range a {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			out[rest] = f
		}
	}
	return out
}

// unpack writes all but what a server holds, which it returns.
func (a archived) unpack(t *testing.T, dir string) (server map[string][]byte) {
	t.Helper()
	server = map[string][]byte{}
	for name, f := range a {
		if held, ok := strings.CutPrefix(name, serverPrefix); ok {
			server[held] = f.data
			continue
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(to), 0o700)
		if err == nil {
			err = os.WriteFile(to, f.data, f.mode)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// write makes the file, and never a second time: what a release wrote is kept as it was written.
func (a archived) write(t *testing.T, name string) {
	t.Helper()
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	w := tar.NewWriter(z)
	var failed error
	for _, path := range slices.Sorted(maps.Keys(a)) {
		f := a[path]
		err := w.WriteHeader(&tar.Header{Name: path, Mode: int64(f.mode), Size: int64(len(f.data)), Typeflag: tar.TypeReg, Format: tar.FormatPAX})
		_, err2 := w.Write(f.data)
		failed = errors.Join(failed, err, err2)
	}
	if err := errors.Join(failed, w.Close(), z.Close(), os.MkdirAll(filepath.Dir(name), 0o755)); err != nil {
		t.Fatal(err)
	}
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatalf("what a release wrote is never written anew: %v", err)
	}
	_, err = to.Write(b.Bytes())
	if err := errors.Join(err, to.Close()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d bytes", name, b.Len())
}

// readArchive is the inverse of write.
func readArchive(t *testing.T, name string) archived {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(name, err)
	}
	a := archived{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return a
		}
		if err != nil {
			t.Fatal(name, err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(name, err)
		}
		a[h.Name] = archivedFile{fs.FileMode(h.Mode).Perm(), data}
	}
}
