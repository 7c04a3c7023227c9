package local_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// failing makes every n-th error at every step once, until a run passes without meeting it, and checks what each
// leaves.
func failing(t *testing.T, work func(l *local.Store) error, check func(t *testing.T, l *local.Store, at string, err error)) {
	t.Helper()
	for _, name := range []string{"EIO", "ENOSPC", "EACCES"} {
		n := 1
		for ; ; n++ {
			path := filepath.Join(t.TempDir(), "s.json")
			add(t, openLocal(t, path), "old")
			seam := must(durable.ParseFault(fmt.Sprintf("%s:*:%d", name, n)))
			met := false
			err := work(openWith(t, path, local.Options{Disk: func(op durable.Op) error {
				err := seam(op)
				met = met || err != nil
				return err
			}}))
			check(t, openLocal(t, path), fmt.Sprintf("%s at step %d", name, n), err)
			if !met {
				break
			}
		}
		if n < 15 {
			t.Errorf("only %d steps could fail", n-1)
		}
		t.Logf("%s: %d steps failed", name, n-1)
	}
}

func runOf(t *testing.T, l *local.Store, entries ...state.Entry) (appended bool, err error) {
	t.Helper()
	lock, err := l.Lock(t.Context(), state.NewLockInfo("apply", epoch))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	j, _, err := state.Open(t.Context(), l, "test")
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if err := j.Append(e); err != nil {
			return false, errors.Join(err, j.Abandon())
		}
	}
	_, err = j.Commit(t.Context())
	return true, err
}

// Case P5: whatever fails, the next run can read the state and its journal, knows what was acknowledged, and goes on.
func TestARunThatFailsAnywhereBricksNothing(t *testing.T) {
	appended := false
	failing(t, func(l *local.Store) (err error) {
		appended, err = runOf(t, l, begin("a"), end("a", "a"), record("a"), begin("b"), state.FileEntry(state.File{Address: "data.encrypt.f", Path: "f"}))
		return err
	}, func(t *testing.T, l *local.Store, at string, err error) {
		seen, lerr := state.Look(t.Context(), l)
		if lerr != nil {
			t.Fatalf("%s (%v): nothing can be read any more: %v", at, err, lerr)
		}
		if _, known := state.Find(seen.State, "key.a"); appended && (!known || len(seen.State.Files) != 1 || len(seen.Open) != 1) {
			t.Errorf("%s (%v): what was acknowledged is lost: %+v", at, err, seen)
		}
		if _, err := runOf(t, l, record("next")); err != nil {
			t.Errorf("%s (%v): the next run gave %v", at, err, err)
		}
	})
}

// Case P5, for edits.
func TestAnEditThatFailsAnywhereIsDoneOrNotAndBricksNothing(t *testing.T) {
	failing(t, func(l *local.Store) error { return moveOld(t, l, "new") }, func(t *testing.T, l *local.Store, at string, err error) {
		st, _, rerr := l.Read(t.Context())
		if rerr != nil || len(st.Resources) != 1 {
			t.Fatalf("%s (%v): the state holds %+v, %v", at, err, st.Resources, rerr)
		}
		if moved := st.Resources[0].Address == "key.new"; err == nil && !moved {
			t.Errorf("%s: the edit was acknowledged and is lost", at)
		}
		if err := addTo(t, l, "next"); err != nil {
			t.Errorf("%s: the next edit gave %v", at, err)
		}
	})
}

func moveOld(t *testing.T, l *local.Store, to string) error {
	t.Helper()
	return state.Locked(t.Context(), l, state.NewLockInfo("state mv", epoch), 0, func(at state.Position) error {
		next, err := state.Move(at.State, "key.old", "key."+to)
		if err == nil {
			_, err = l.CompareAndSwap(t.Context(), at.Version, next.Next("test"))
		}
		return err
	})
}

// Case P5, as it was found: a directory that can be written and not read.
func TestADirectoryThatCannotBeReadKeepsTheRunFromBeginning(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("as root nothing is refused; the faults above stand for it")
	}
	path := filepath.Join(t.TempDir(), "d", "s.json")
	l := openLocal(t, path)
	add(t, l, "old")
	if err := os.Chmod(filepath.Dir(path), 0o300); err != nil {
		t.Fatal(err)
	}
	_, err := runOf(t, l, record("a"))
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	at, lerr := state.Look(t.Context(), l)
	if lerr != nil || err != nil && len(at.State.Resources) != 1 {
		t.Errorf("a run that ended with %v left %+v, %v", err, at.State.Resources, lerr)
	}
}

// Case §6: a link that takes the place of the state, the journal or the lock is not followed.
func TestNoLinkIsFollowedToAnotherFile(t *testing.T) {
	for _, name := range []string{"", ".journal", ".lock"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "s.json")
		l := openLocal(t, path)
		add(t, l, "old")
		victim := filepath.Join(dir, "victim")
		data := must(os.ReadFile(path))
		_ = os.Remove(path + name)
		if err := errors.Join(os.WriteFile(victim, data, 0o600), os.Symlink("victim", path+name)); err != nil {
			t.Fatal(err)
		}
		if _, err := runOf(t, l, record("a")); !errors.Is(err, durable.ErrIrregular) {
			t.Errorf("s.json%s is a link, and a run gave %v", name, err)
		}
		if got := must(os.ReadFile(victim)); string(got) != string(data) {
			t.Errorf("s.json%s is a link, and what it points to was changed", name)
		}
		if info := must(os.Lstat(path + name)); info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("s.json%s was replaced", name)
		}
	}
}

// An older state that is put in the place of the newest is noticed, unless it is a kept one: then the newest counts.
func TestAnOlderStateThatIsPutBackIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	l := openLocal(t, path)
	add(t, l, "a", "b", "c")
	older := must(os.ReadFile(path + ".d/000002.json"))
	put := func(data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(older)
	if st, _, err := l.Read(t.Context()); err != nil || st.Serial != 3 {
		t.Errorf("read serial %d, %v", st.Serial, err)
	}
	put(append([]byte(" "), older...)) // as whole, and not as it is kept
	if _, _, err := l.Read(t.Context()); !errors.Is(err, state.ErrCorrupt) || !strings.Contains(err.Error(), "older than a generation") {
		t.Errorf("reading it gave %v", err)
	}
}

func addTo(t *testing.T, l *local.Store, id string) error {
	t.Helper()
	_, err := runOf(t, l, record(id))
	return err
}
