package local_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/durable/durabletest"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// twoRuns is a stack's first apply, an interrupted second and a third that goes on, each entry promised when its
// append returned.
func twoRuns(t *testing.T, path string, seam durable.Seam, promise func(any)) {
	t.Helper()
	l := openWith(t, path, local.Options{Disk: seam})
	padding := strings.Repeat("x", 700) // more than one sector
	add := func(j *state.Journal, id string) {
		e := record(id)
		e.Resource.Attributes = map[string]any{"description": padding}
		appendAll(t, j, begin(id))
		promise("open key." + id)
		appendAll(t, j, end(id, id), e)
		promise("key." + id)
	}
	commit := func(j *state.Journal) {
		at, err := j.Commit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		promise(at.State.Serial)
	}
	j := startJournal(t, l)
	add(j, "a")
	add(j, "b")
	commit(j)
	j = startJournal(t, l)
	add(j, "c")
	appendAll(t, j, begin("d"))
	promise("open key.d")
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	commit(startJournal(t, l)) // d stays open
	j = startJournal(t, l)
	appendAll(t, j, end("d", "d"), record("d"))
	promise("key.d")
	commit(j)
}

// forgotten says what of the promises a store does not know.
func forgotten(t *testing.T, dir string, promises []any) error {
	l := openLocal(t, filepath.Join(dir, "s.json"))
	at, err := state.Look(t.Context(), l)
	if err != nil {
		return err
	}
	for _, p := range promises {
		if serial, stored := p.(uint64); stored {
			if _, err := l.Generation(t.Context(), serial); err != nil {
				return err
			}
			continue
		}
		address, open := strings.CutPrefix(p.(string), "open ")
		_, known := state.Find(at.State, address)
		if !known && !(open && slices.ContainsFunc(at.Open, func(in state.Intent) bool { return in.Address == address })) {
			return fmt.Errorf("%s was promised, and is unknown", p)
		}
	}
	j, _, err := state.Open(t.Context(), l, "test") // and the next run can go on
	if err == nil {
		_, err = j.Commit(t.Context())
	}
	return err
}

// lost counts the disks that a crash during the runs leaves and on which something promised is unknown; first ends
// the counting at the first one.
func lost(t *testing.T, seam durable.Seam, first bool) (lost, disks int, examples []error) {
	t.Helper()
	dir := t.TempDir()
	rec := durabletest.NewRecord(dir)
	twoRuns(t, filepath.Join(dir, "s.json"), rec.Seam(seam), rec.Mark)
	rec.Disks(func(disk durabletest.Disk) {
		if disks++; first && lost > 0 {
			return
		}
		clone := t.TempDir()
		if err := disk.Fill(clone); err != nil {
			t.Fatal(err)
		}
		if err := forgotten(t, clone, disk.Promises); err != nil {
			lost++
			examples = append(examples, fmt.Errorf("%s: %w", disk.Name, err))
		}
	})
	return lost, disks, examples[:min(3, len(examples))]
}

func TestNoCrashTakesBackWhatWasPromised(t *testing.T) {
	n, disks, examples := lost(t, nil, false)
	if n > 0 || disks < 300 {
		t.Errorf("on %d of %d disks something is lost: %v", n, disks, examples)
	}
	t.Logf("%d disks", disks)
}

// Cases §6: each sync that is taken out shows.
func TestEverySyncOfTheStoreIsNeeded(t *testing.T) {
	created := map[*durable.File]bool{}
	for name, without := range map[string]func(op durable.Op) bool{
		"the journal's append": func(op durable.Op) bool {
			return op.Kind == durable.Sync && op.Name == "s.json.journal"
		},
		"the journal's first lines": func(op durable.Op) bool {
			if op.Kind == durable.Write && strings.Contains(string(op.Data), `"op":"open"`) {
				created[op.File] = true
			}
			return op.Kind == durable.Sync && op.Name == "" && created[op.File]
		},
		"the directory of journal and state": func(op durable.Op) bool {
			return op.Kind == durable.SyncDir && !strings.HasSuffix(op.Dir, ".d")
		},
		"the state": func(op durable.Op) bool {
			return op.Kind == durable.Sync && op.Name == "" && !created[op.File]
		},
		"the directory of the generations": func(op durable.Op) bool {
			return op.Kind == durable.SyncDir && strings.HasSuffix(op.Dir, ".d")
		},
	} {
		n, _, _ := lost(t, func(op durable.Op) error {
			if without(op) {
				return durable.ErrSkip
			}
			return nil
		}, true)
		if n == 0 {
			t.Errorf("without the sync of %s nothing is lost", name)
		}
	}
}
