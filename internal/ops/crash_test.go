package ops

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/durable/durabletest"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// crashed is work on a file, which makes it and then changes it.
type crashed struct {
	make, change func(e *Engine, path string) error
	what         func(data []byte) (string, error) // tells what a whole file is: old or fresh
	old, fresh   string
}

// crashes does the work on a disk that is recorded, and gives how many disks a crash may leave, and what is wrong
// on which.
func (c crashed) crashes(r *rig, disk durable.Seam) (disks int, wrong []error) {
	r.t.Helper()
	r.dir = r.t.TempDir()
	rec := durabletest.NewRecord(r.dir)
	path := r.path("deep/er/f")
	for i, work := range []func(e *Engine, path string) error{c.make, c.change} {
		r.must(work(r.engine(func(o *Options) { o.Disk = rec.Seam(disk) }), path))
		rec.Mark(i)
	}
	if what, err := c.what(r.read("deep/er/f")); what != c.fresh {
		r.t.Fatalf("the work does something else: %.80q, %v", what, err)
	}
	clones := r.t.TempDir()
	rec.Disks(func(d durabletest.Disk) {
		disks++
		clone := filepath.Join(clones, fmt.Sprint(disks))
		r.must(errors.Join(os.Mkdir(clone, 0o700), d.Fill(clone)))
		if err := c.check(filepath.Join(clone, "deep/er/f"), len(d.Promises)); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", d.Name, err))
		}
		r.must(os.RemoveAll(clone))
	})
	return disks, wrong
}

// check holds a file against what was promised before the crash: 0 = nothing, 1 = it is made, 2 = it is changed.
func (c crashed) check(path string, promised int) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && promised == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	what, err := c.what(data)
	if err == nil && what != c.fresh && (what != c.old || promised == 2) {
		err = fmt.Errorf("%d bytes of something else after %d promises", len(what), promised)
	}
	return err
}

// crashCases are an output that is replaced, for each way to make one, a header that is rewritten in
// place, and one that is rewritten whole.
func crashCases(r *rig) map[string]crashed {
	ctx, keys, sources := r.t.Context(), []string{r.aesKey(), r.aesKey()}, r.t.TempDir()
	source := func(name string, n int) (path, content string) {
		path, content = filepath.Join(sources, name), string(pattern(n, byte(len(name))))
		r.must(os.WriteFile(path, []byte(content), 0o600))
		return path, content
	}
	encrypt := func(from string) func(*Engine, string) error {
		return func(e *Engine, path string) error {
			return second(e.EncryptFile(ctx, from, path, Seal{Key: keys[0]}, nil))
		}
	}
	decrypt := func(from string) func(*Engine, string) error {
		r.must(encrypt(from)(r.engine(), from+".enc"))
		return func(e *Engine, path string) error {
			return second(e.DecryptFile(ctx, from+".enc", path, Unseal{}, nil))
		}
	}
	rewrap := func(e *Engine, path string) error { return third(e.Rewrap(ctx, path, Target{Key: keys[1]})) }

	anew := func(e *Engine, path string) error { return third(e.Reencrypt(ctx, path, Anew{Key: keys[1]}, nil)) }

	reader := r.engine() // remembers the data keys that it opened
	sealed := func(data []byte) (string, error) {
		var out bytes.Buffer
		got, err := reader.DecryptVerified(ctx, &out, bytes.NewReader(data), int64(len(data)), Unseal{}, nil)
		return KeyID(got.KeyARN) + out.String(), err
	}
	open := func(data []byte) (string, error) { return string(data), nil }
	either := func(data []byte) (string, error) { // a document's plaintext, or what it is sealed from
		if !document.Is(data) {
			return string(data), nil
		}
		return sealed(data)
	}
	yaml := func(name, content string) (path, text string) {
		path = filepath.Join(sources, name+".yaml")
		r.must(os.WriteFile(path, []byte(content), 0o600))
		return path, content
	}
	values := func(from string) func(*Engine, string) error { // from "" = in place
		return func(e *Engine, path string) error {
			s := Seal{Key: keys[0], Values: &Values{Format: "yaml"}, InPlace: from == ""}
			return second(e.EncryptFile(ctx, cmp.Or(from, path), path, s, nil))
		}
	}
	reveal := func(from string) func(*Engine, string) error {
		return func(e *Engine, path string) error {
			return second(e.DecryptFile(ctx, cmp.Or(from, path), path, Unseal{InPlace: from == ""}, nil))
		}
	}
	config, configText := yaml("config", documentSource)
	changed, changedText := yaml("changed", strings.Replace(documentSource, "two", strings.Repeat("three ", 2000)+"x", 1))
	r.must(values(config)(r.engine(), config+".sealed"))

	one, oneText := source("one", 3000)
	other, otherText := source("another", 4000)
	large, largeText := source("large", envelope.CompactLimit)
	return map[string]crashed{
		"encrypt":            {encrypt(one), encrypt(other), sealed, keys[0] + oneText, keys[0] + otherText},
		"decrypt":            {decrypt(one), decrypt(other), open, oneText, otherText},
		"rewrap whole":       {encrypt(one), rewrap, sealed, keys[0] + oneText, keys[1] + oneText},
		"reencrypt":          {encrypt(one), anew, sealed, keys[0] + oneText, keys[1] + oneText},
		"values":             {values(config), values(changed), sealed, keys[0] + configText, keys[0] + changedText},
		"values in place":    {reveal(config + ".sealed"), values(""), either, configText, keys[0] + configText},
		"values of a rewrap": {values(config), rewrap, sealed, keys[0] + configText, keys[1] + configText},
		"values decrypted":   {values(config), reveal(""), either, keys[0] + configText, configText},
		"rewrap in place":    {encrypt(large), rewrap, sealed, keys[0] + largeText, keys[1] + largeText},
	}
}

// TestACrashLeavesTheOldFileOrTheNew: of every prefix of the writes, with unsynced ones dropped, torn or out of
// order, the old file or the new one is left, whole; and what was reported as done stays done, the directory that
// was made for it included. Case §6: files, no sync before the rename, no directory sync after it.
func TestACrashLeavesTheOldFileOrTheNew(t *testing.T) {
	r := newRig(t)
	for name, c := range crashCases(r) {
		disks, wrong := c.crashes(r, nil)
		if len(wrong) > 0 || disks < 30 {
			t.Errorf("%s: %d of %d disks are wrong: %v", name, len(wrong), disks, errors.Join(wrong...))
		}
		t.Log(name, disks)
		// The same work without its syncs is noticed.
		for _, kind := range []durable.Kind{durable.Sync, durable.SyncDir} {
			if kind == durable.SyncDir && name == "rewrap in place" {
				continue // no name changes
			}
			_, wrong := c.crashes(r, func(op durable.Op) error {
				if op.Kind == kind {
					return durable.ErrSkip
				}
				return nil
			})
			if len(wrong) == 0 {
				t.Errorf("%s: without %s nothing breaks", name, kind)
			}
		}
	}
}
