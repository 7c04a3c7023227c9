//go:build unix

package local_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// prepareChild sets what only a process of its own may change.
func prepareChild(job string) {
	switch job {
	case "open umask":
		syscall.Umask(0)
	case "small files":
		signal.Ignore(syscall.SIGXFSZ) // the write fails with EFBIG instead
	}
}

// fillLimited writes until a file reaches the process's size limit, and says so.
func fillLimited(ctx context.Context, l *local.Store) error {
	limit := syscall.Rlimit{Cur: 16 << 10, Max: 16 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if err := statetest.AddResource(ctx, l, fmt.Sprint("k", i)); err != nil {
			if !errors.Is(err, syscall.EFBIG) {
				return err
			}
			fmt.Println(i)
			return nil
		}
	}
}

func TestAWriteThatDoesNotFitLeavesTheOldStateWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	out, err := command(t, "small files", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	checkWholeAfterFull(t, path, strings.TrimSpace(string(out)))
}

func checkWholeAfterFull(t *testing.T, path, written string) {
	t.Helper()
	st, _, err := openLocal(t, path).Read(t.Context())
	if err != nil || fmt.Sprint(len(st.Resources)) != written || written == "0" {
		t.Fatalf("after %s writes the state holds %d objects, %v", written, len(st.Resources), err)
	}
	if left := temporaries(path); len(left) > 0 {
		t.Errorf("the failed write left %v", left)
	}
}

func TestEveryFileIsItsOwnersAloneUnderAnyUmask(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	add(t, openLocal(t, path), "a")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, "open umask", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	holder := command(t, "hold", path)
	pipe := must(holder.StdoutPipe())
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer stop(t, holder)
	if _, err := pipe.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := filepath.WalkDir(filepath.Dir(path), func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == filepath.Dir(path) {
			return err
		}
		seen++
		if perm := must(e.Info()).Mode().Perm(); perm&0o077 != 0 {
			t.Errorf("%s has mode %o", name, perm)
		}
		return nil
	})
	if err != nil || seen < 6 {
		t.Errorf("walked %d files: %v", seen, err)
	}
}

func stop(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // killed: it fails by design
}

func TestAnUnwritableDirectoryIsNoticedAtTheLock(t *testing.T) {
	// A file in the directory's place refuses even root.
	blocker := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := local.Open(filepath.Join(blocker, "s.json"), local.Options{})
	if err == nil {
		_, err = l.Lock(t.Context(), state.LockInfo{ID: "x"})
	}
	if err == nil || !strings.Contains(err.Error(), blocker) {
		t.Errorf("locking there gave %v", err)
	}
}

func TestANamedPipeDoesNotHang(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	if err := syscall.Mkfifo(path+".journal", 0o600); err != nil {
		t.Fatal(err)
	}
	l := openLocal(t, path)
	if _, err := l.Begin(t.Context()); !errors.Is(err, durable.ErrIrregular) {
		t.Errorf("a named pipe was opened as a journal: %v", err)
	}
	if _, err := l.ReadJournal(t.Context()); !errors.Is(err, durable.ErrIrregular) {
		t.Errorf("a named pipe was read as a journal: %v", err)
	}
}
