package stack

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/memory"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// kept is a store with as many states as there are ids.
func kept(t *testing.T, ids ...string) state.Store {
	t.Helper()
	s := new(memory.Place).Open()
	for _, id := range ids {
		if err := statetest.AddResource(t.Context(), s, id); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// A state that is older than what this machine saw in its place, or another one, is refused: by a look, and by a run.
func TestAStateThatThisMachineHasSeenPastIsRefused(t *testing.T) {
	dir, newest := t.TempDir(), kept(t, "a", "b")
	if _, _, err := (&witnessed{Store: newest, dir: dir, name: "the store"}).Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]state.Store{"an older one": kept(t, "a"), "another one": kept(t, "c", "d"), "none": kept(t)} {
		w := &witnessed{Store: other, dir: dir, name: "the store"}
		if _, _, err := w.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "this machine has seen serial 2") {
			t.Errorf("%s was read: %v", name, err)
		}
		if _, err := w.Begin(t.Context()); err == nil {
			t.Errorf("%s was begun on", name)
		}
	}
	if _, v, err := (&witnessed{Store: newest, dir: dir, name: "the store"}).Read(t.Context()); err != nil || v.Serial != 2 {
		t.Errorf("as it was: %v, %v", v, err)
	}
}

// A machine that has seen nothing yet is told with -min-serial what must be there.
func TestAStateBelowTheLeastSerialIsRefused(t *testing.T) {
	for least, refused := range map[uint64]bool{0: false, 1: false, 2: false, 3: true} {
		w := &witnessed{Store: kept(t, "a", "b"), dir: t.TempDir(), name: "the store", least: least}
		if _, _, err := w.Read(t.Context()); (err != nil) != refused {
			t.Errorf("-min-serial=%d: %v", least, err)
		}
	}
}

// The key of a sealed state changes when somebody says so: not because a block was edited, and not because an alias was
// pointed elsewhere between two writes of one run.
func TestAStateStaysUnderItsKey(t *testing.T) {
	s := &sealing{e: &hcl.Encryption{Key: "alias/far"}, under: "acs:kms:cn-hangzhou:1:key/key-a"}
	if err := s.asBefore("acs:kms:cn-hangzhou:1:key/key-b"); err == nil || !strings.Contains(err.Error(), "key-a") {
		t.Errorf("under another key: %v", err)
	}
	if err := s.asBefore("acs:kms:cn-hangzhou:1:key/key-a"); err != nil {
		t.Errorf("under its own: %v", err)
	}
}
