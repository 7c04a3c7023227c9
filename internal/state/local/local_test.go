package local_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

func openLocal(t testing.TB, path string) *local.Store {
	t.Helper()
	return openWith(t, path, local.Options{})
}

func openWith(t testing.TB, path string, opts local.Options) *local.Store {
	t.Helper()
	l, err := local.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func add(t testing.TB, l *local.Store, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := statetest.AddResource(t.Context(), l, id); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadingCreatesNothing(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := openLocal(t, filepath.Join(dir, "s.json")).Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Errorf("reading created %v", names)
	}
}

func TestTenGenerationsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	l := openLocal(t, path)
	for i := range 13 {
		add(t, l, fmt.Sprint("k", i))
	}
	names, err := filepath.Glob(path + ".d/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 10 || filepath.Base(names[0]) != "000004.json" || filepath.Base(names[9]) != "000013.json" {
		t.Errorf("kept %v", names)
	}
}

func TestADamagedStateOffersItsNewestWholeGeneration(t *testing.T) {
	for name, damage := range map[string]func(data []byte) []byte{
		"flipped bit": func(d []byte) []byte { d[strings.Index(string(d), "key.b")] ^= 1; return d },
		"cut short":   func(d []byte) []byte { return d[:len(d)/2] },
		"emptied":     func([]byte) []byte { return nil },
		"no checksum": func(d []byte) []byte {
			return []byte(strings.Replace(string(d), `"checksum"`, `"chicksum"`, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.json")
			l := openLocal(t, path)
			add(t, l, "a", "b", "c")
			data := must(os.ReadFile(path))
			if err := os.WriteFile(path, damage(data), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+".d/000003.json", []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err := l.Read(t.Context())
			var corrupt *state.CorruptError
			if !errors.Is(err, state.ErrCorrupt) || !errors.As(err, &corrupt) {
				t.Fatalf("reading it gave %v", err)
			}
			if corrupt.Serial != 2 || corrupt.Generation != path+".d/000002.json" || !strings.Contains(err.Error(), corrupt.Generation) {
				t.Errorf("offered %q, serial %d: %v", corrupt.Generation, corrupt.Serial, err)
			}
			if err := statetest.AddResource(t.Context(), l, "d"); !errors.Is(err, state.ErrCorrupt) {
				t.Errorf("writing over it gave %v", err)
			}
		})
	}
}

func TestAMissingStateWithGenerationsIsNotANewStack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	l := openLocal(t, path)
	add(t, l, "a")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Read(t.Context()); !errors.Is(err, state.ErrCorrupt) || !strings.Contains(err.Error(), "000001.json") {
		t.Errorf("reading a lost state gave %v", err)
	}
}

func TestAReindentedStateIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	l := openLocal(t, path)
	add(t, l, "a")
	data := strings.ReplaceAll(string(must(os.ReadFile(path))), "\n  ", "\n\t\t")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	st, _, err := l.Read(t.Context())
	if err != nil || len(st.Resources) != 1 {
		t.Errorf("read %v, %v", st, err)
	}
}

func TestANewerFormatIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	if err := os.WriteFile(path, []byte(`{"version": 99, "writer": "9.1", "serial": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := openLocal(t, path).Read(t.Context())
	if !errors.Is(err, state.ErrNewerFormat) || !strings.Contains(err.Error(), "9.1") {
		t.Errorf("reading it gave %v", err)
	}
}

func TestALinkedStateIsWrittenAtItsTarget(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "real", "s.json")
	link := filepath.Join(dir, "s.json")
	if err := errors.Join(os.Mkdir(filepath.Dir(target), 0o700), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := local.Open(link, local.Options{}); err == nil {
		t.Error("a dangling link was accepted")
	}
	add(t, openLocal(t, target), "a")
	l := openLocal(t, link)
	add(t, l, "b")
	if info := must(os.Lstat(link)); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced by a file")
	}
	if got, want := l.Path(), openLocal(t, target).Path(); got != want {
		t.Errorf("two names of one state are %s and %s", got, want)
	}
	st, _, err := openLocal(t, target).Read(t.Context())
	if err != nil || len(st.Resources) != 2 {
		t.Errorf("the target holds %v, %v", st.Resources, err)
	}
}

func TestADirectoryIsNoState(t *testing.T) {
	if _, err := local.Open(t.TempDir(), local.Options{}); err == nil {
		t.Error("a directory was accepted")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
