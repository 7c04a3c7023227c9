package stack_test

import (
	"context"
	"errors"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/memory"
)

// mute is a store whose journal takes no line while full is set.
type mute struct {
	state.Store
	full bool
}

type muteTx struct {
	state.Tx
	of *mute
}

var errFull = errors.New("no space left on device")

func (m *mute) Begin(ctx context.Context) (state.Tx, error) {
	tx, err := m.Store.Begin(ctx)
	return &muteTx{tx, m}, err
}

func (t *muteTx) Append(ctx context.Context, entries ...state.Entry) error {
	if t.of.full {
		return errFull
	}
	return t.Tx.Append(ctx, entries...)
}

// TestAJournalThatCannotBeginChangesNothing is case P5: neither a run nor an apply writes a file or calls anything
// when its journal takes no line, and the next one works.
func TestAJournalThatCannotBeginChangesNothing(t *testing.T) {
	r := newRig(t, keyAndFile)
	store := &mute{Store: new(memory.Place).Open()}
	r.options.Store = store
	r.write("a.txt", "one")
	r.apply()
	before := string(r.read("a.enc"))
	r.write("a.txt", "two")
	store.full = true
	if _, err := r.run(stack.Running{}); !errors.Is(err, errFull) {
		t.Errorf("the run said %v", err)
	}
	r.holds("a.enc", before)
	r.write("main.kms.hcl", gateway+keyAndFile+"key \"more\" {}\n")
	s := r.open()
	report, err := s.Apply(t.Context(), r.plan(s), stack.Applying{})
	r.close(s)
	if !errors.Is(err, errFull) || report.Added > 0 || report.Files > 0 || report.ExitCode(err) != 1 {
		t.Errorf("the apply said %v and did %+v", err, report)
	}
	r.holds("a.enc", before)
	store.full = false
	if report := r.apply(); report.Added != 1 || report.Files != 1 {
		t.Errorf("then it did %+v", report)
	}
	if listed := r.call("ListKeys", nil); listed["TotalCount"] != 2.0 {
		t.Errorf("%v keys live", listed["TotalCount"])
	}
}
