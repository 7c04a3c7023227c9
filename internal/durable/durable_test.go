package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/durable/durabletest"
)

func open(t testing.TB, path string, seam durable.Seam) *durable.Dir {
	t.Helper()
	d, err := durable.Open(path, seam)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// write replaces f, whose content is long enough to be torn.
func write(d *durable.Dir, digit string) error {
	return d.WriteFile("f", bytes.Repeat([]byte(digit), 1500), 0o600)
}

// whole says what is wrong with f on a disk on which the promised content, or a later one, has to be.
func whole(dir string, promises []any) error {
	data, err := os.ReadFile(filepath.Join(dir, "f"))
	if errors.Is(err, fs.ErrNotExist) && len(promises) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if len(data) != 1500 || len(bytes.Trim(data, string(data[:1]))) != 0 {
		return fmt.Errorf("f is neither the old nor the new content: %d bytes", len(data))
	}
	if n := len(promises); n > 0 && int(data[0]-'0') < promises[n-1].(int) {
		return fmt.Errorf("f went back to %c after %v was promised", data[0], promises[n-1])
	}
	return nil
}

// broken writes f three times through a seam, and counts the disks a crash leaves that break the promise.
func broken(t *testing.T, seam durable.Seam) (count, disks int, first error) {
	t.Helper()
	dir := t.TempDir()
	rec := durabletest.NewRecord(dir)
	d := open(t, dir, rec.Seam(seam))
	for n := 1; n <= 3; n++ {
		if err := write(d, fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
		rec.Mark(n)
	}
	rec.Disks(func(disk durabletest.Disk) {
		disks++
		clone := t.TempDir()
		if err := disk.Fill(clone); err != nil {
			t.Fatal(err)
		}
		if err := whole(clone, disk.Promises); err != nil {
			count++
			first = errors.Join(first, fmt.Errorf("%s: %w", disk.Name, err))
		}
	})
	return count, disks, first
}

func TestACrashLeavesTheOldContentOrTheNew(t *testing.T) {
	count, disks, err := broken(t, nil)
	if count > 0 || disks < 50 {
		t.Errorf("%d of %d disks are broken: %v", count, disks, err)
	}
}

// Case §6: files are not synced before the rename, or their directory after it.
func TestASyncThatIsLeftOutIsNoticed(t *testing.T) {
	for _, kind := range []durable.Kind{durable.Sync, durable.SyncDir} {
		count, _, _ := broken(t, func(op durable.Op) error {
			if op.Kind == kind {
				return durable.ErrSkip
			}
			return nil
		})
		if count == 0 {
			t.Errorf("without %s nothing breaks", kind)
		}
	}
}

func TestAnyStepThatFailsLeavesTheOldContentOrTheNewAndNothingElse(t *testing.T) {
	for _, name := range []string{"EIO", "ENOSPC", "EACCES"} {
		for n := 1; ; n++ {
			dir := t.TempDir()
			if err := write(open(t, dir, nil), "1"); err != nil {
				t.Fatal(err)
			}
			seam, err := durable.ParseFault(fmt.Sprintf("%s:*:%d", name, n))
			if err != nil {
				t.Fatal(err)
			}
			err = write(open(t, dir, seam), "2")
			if wrong := whole(dir, []any{1}); wrong != nil {
				t.Errorf("%s at step %d: %v", name, n, wrong)
			}
			if left := names(t, dir); !slices.Equal(left, []string{"f"}) {
				t.Errorf("%s at step %d leaves %v", name, n, left)
			}
			if err == nil {
				if n < 5 {
					t.Errorf("only %d steps can fail", n-1)
				}
				break
			}
		}
	}
}

func TestOneOfManyGetsANameThatIsFree(t *testing.T) {
	dir := t.TempDir()
	var won sync.Map
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			d := open(t, dir, nil)
			p, err := d.Create("f", 0o600)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := p.Write([]byte{byte(i)}); err != nil {
				t.Error(err)
			}
			switch err := p.CommitNew(); {
			case err == nil:
				won.Store(i, true)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	winners := 0
	won.Range(func(i, _ any) bool {
		winners++
		if data, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || len(data) != 1 || int(data[0]) != i.(int) {
			t.Errorf("%d won and f holds %v, %v", i, data, err)
		}
		return true
	})
	if winners != 1 || len(names(t, dir)) != 1 {
		t.Errorf("%d winners, and there is %v", winners, names(t, dir))
	}
}

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := errors.Join(os.WriteFile(target, []byte("x"), 0o600), os.Symlink("target", filepath.Join(dir, "link")), os.Mkdir(filepath.Join(dir, "sub"), 0o700)); err != nil {
		t.Fatal(err)
	}
	d := open(t, dir, nil)
	for _, name := range []string{"link", "sub"} {
		if _, err := d.ReadFile(name, 10); !errors.Is(err, durable.ErrIrregular) {
			t.Errorf("reading %s gave %v", name, err)
		}
	}
	if _, err := d.ReadFile("nothing", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading what is not there gave %v", err)
	}
	if _, err := d.ReadFile("target", 0); err == nil || !strings.Contains(err.Error(), "more than the 0 bytes") {
		t.Errorf("reading more than the limit gave %v", err)
	}
	if err := d.WriteFile("link", []byte("y"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "x" {
		t.Errorf("a link was written through: %q, %v", data, err)
	}
}

func TestALockHasOneHolderAndGoesWithItsFile(t *testing.T) {
	d := open(t, t.TempDir(), nil)
	if err := d.WriteFile("f", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := d.Hold("f", os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Hold("f", os.O_RDWR); !errors.Is(err, durable.ErrHeld) {
		t.Errorf("holding it twice gave %v", err)
	}
	if err := d.WriteFile("f", []byte("another file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if held.Named() {
		t.Error("a replaced file still counts as the name's")
	}
	other, err := d.Hold("f", os.O_RDWR)
	if err != nil {
		t.Fatalf("the lock passed to the file that took the name: %v", err)
	}
	if err := errors.Join(held.Close(), other.Close()); err != nil {
		t.Error(err)
	}
}

func TestSweepTakesWhatDeadWritersLeftAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{".kmsplan-0123456789abcdef.tmp", ".kmsplan-00000000000000bb.tmp", ".kmsplan-00000000000000aa.tmp", ".kmsplan-notes.tmp", "x.tmp"} {
		if err := errors.Join(os.WriteFile(filepath.Join(dir, name), nil, 0o600), os.Chtimes(filepath.Join(dir, name), old, old)); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, dir, nil)
	alive, err := d.OpenFile(".kmsplan-00000000000000bb.tmp", os.O_RDONLY)
	if err == nil {
		err = errors.Join(alive.TryLock(), os.Chtimes(filepath.Join(dir, ".kmsplan-00000000000000aa.tmp"), time.Now(), time.Now()))
	}
	if err != nil {
		t.Fatal(err)
	}
	d.Sweep(time.Now())
	if got := names(t, dir); len(got) != 4 || slices.Contains(got, ".kmsplan-0123456789abcdef.tmp") {
		t.Errorf("left %v", got)
	}
	if runtime.GOOS == "linux" { // a file that was made without a name is locked before it gets one: age says nothing
		p, err := d.Create("f", 0o600)
		if err != nil {
			t.Fatal(err)
		}
		p.Abort()
		d.Sweep(time.Now())
		if got := names(t, dir); len(got) != 3 || slices.Contains(got, ".kmsplan-00000000000000aa.tmp") {
			t.Errorf("left %v", got)
		}
	}
	if err := alive.Close(); err != nil {
		t.Error(err)
	}
}

// TestAWriterThatLivesKeepsItsTemporary, however long it takes, where files need a name before they are whole.
func TestAWriterThatLivesKeepsItsTemporary(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, func(op durable.Op) error {
		if op.Kind == durable.Create && op.Name == "" {
			return errors.ErrUnsupported
		}
		return nil
	})
	p, err := d.Create("f", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(24 * time.Hour)
	if d.Sweep(later); len(names(t, dir)) != 1 {
		t.Errorf("there is %v", names(t, dir))
	}
	if err := p.OS().Close(); err != nil { // as when its process dies
		t.Fatal(err)
	}
	if d.Sweep(later); len(names(t, dir)) != 0 {
		t.Errorf("a dead writer left %v", names(t, dir))
	}
}

func TestMakeMakesParentsAndSyncsThem(t *testing.T) {
	dir := t.TempDir()
	var synced []string
	d, err := durable.Make(filepath.Join(dir, "a", "b"), 0o700, func(op durable.Op) error {
		if op.Kind == durable.SyncDir {
			synced = append(synced, op.Dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if want := []string{dir, filepath.Join(dir, "a")}; !slices.Equal(synced, want) {
		t.Errorf("synced %v, want %v", synced, want)
	}
}

func TestFaultsCountTheirKind(t *testing.T) {
	seam, err := durable.ParseFault("EIO:sync:2,skip:lock:1+")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		kind durable.Kind
		err  error
	}{{durable.Sync, nil}, {durable.Write, nil}, {durable.Lock, durable.ErrSkip}, {durable.Sync, syscall.EIO}, {durable.Sync, nil}, {durable.Lock, durable.ErrSkip}} {
		if got := seam(durable.Op{Kind: want.kind}); got != want.err {
			t.Errorf("step %d, %s: %v, want %v", i, want.kind, got, want.err)
		}
	}
	for _, bad := range []string{"EIO", "EIO:sync", "EIO:sync:0", "EIO:sync:x", "EGG:sync:1"} {
		if _, err := durable.ParseFault(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
