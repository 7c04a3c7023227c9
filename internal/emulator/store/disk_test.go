package store

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

const canary = "CANARY-material-that-must-not-be-readable"

// filled makes a closed store with one record and a snapshot.
func filled(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	db := open(t, Options{Path: dir})
	put(t, db, "a", note{Text: canary})
	if err := errors.Join(db.Save("s"), db.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNothingOnDiskIsReadable(t *testing.T) {
	dir := filled(t)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("CANARY")) {
			t.Errorf("%s holds a record in the clear", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDamageIsToldFromAWrongKey(t *testing.T) {
	swap := func(from, to string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			edit(t, dir, func(records *bbolt.Bucket) error {
				return records.Put([]byte(to), bytes.Clone(records.Get([]byte(from))))
			})
		}
	}
	for _, tc := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   []string
	}{
		{"other root key", func(t *testing.T, dir string) {
			key := make([]byte, rootKeySize)
			rand.Read(key)
			write(t, dir, rootKeyFile, key)
		}, []string{"does not open the records", "restore the root.key"}},
		{"short root key", func(t *testing.T, dir string) { write(t, dir, rootKeyFile, []byte("short")) },
			[]string{"5 bytes instead of 32"}},
		{"no root key", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, rootKeyFile)); err != nil {
				t.Fatal(err)
			}
		}, []string{"root.key is missing", "restore"}},
		{"garbage", func(t *testing.T, dir string) { write(t, dir, dbFile, bytes.Repeat([]byte("x"), 64<<10)) },
			[]string{"damaged", "restore it from a backup"}},
		{"truncated", func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, dbFile), 9000); err != nil {
				t.Fatal(err)
			}
		}, []string{"damaged"}},
		{"record moved", swap(notes.prefix+"a", notes.prefix+"b"), []string{"damaged", "does not authenticate"}},
		{"bit flipped", func(t *testing.T, dir string) {
			edit(t, dir, func(records *bbolt.Bucket) error {
				v := bytes.Clone(records.Get([]byte(notes.prefix + "a")))
				v[20] ^= 1
				return records.Put([]byte(notes.prefix+"a"), v)
			})
		}, []string{"damaged", "does not authenticate"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filled(t)
			tc.damage(t, dir)
			db, err := Open(Options{Path: dir})
			if err == nil {
				db.Close()
				t.Fatal("the store opened")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "CANARY") {
				t.Error("the error shows a record")
			}
			// A refused store lets go of the directory.
			if lock, err := acquire(dir, 0, nil); err != nil {
				t.Errorf("the directory is still locked: %v", err)
			} else {
				lock.Unlock()
			}
		})
	}
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit changes sealed records behind the store's back.
func edit(t *testing.T, dir string, change func(*bbolt.Bucket) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, dbFile), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(func(tx *bbolt.Tx) error { return change(tx.Bucket(recordBucket)) }); err != nil {
		t.Fatal(err)
	}
}

// A record that this version cannot decode is an error, not a zero value.
func TestForeignRecordIsRefused(t *testing.T) {
	dir := t.TempDir()
	db := open(t, Options{Path: dir})
	if err := db.persist(map[string]*entry{notes.prefix + "a": {plain: []byte(`{"Text":7}`)}}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	again, err := Open(Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Attach(notes); err == nil || !strings.Contains(err.Error(), `note "a"`) {
		t.Errorf("Attach = %v", err)
	}
}
