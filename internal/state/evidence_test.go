package state_test

import (
	"fmt"
	"reflect"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

func under(key, version string, objects, proved int64) state.ObjectsUnder {
	return state.ObjectsUnder{KeyID: key, KeyVersion: version, Objects: objects, Proved: proved}
}

func archive(change func(*state.Evidence)) state.Evidence {
	e := state.Evidence{
		Address: "batch.archive", Source: "s3://archive/", Action: "rewrap", Gateway: "dev", KeyID: "new", KeyVersion: "v1",
		Manifest: "00", Status: state.EvidenceDone, Objects: 10, Before: []state.ObjectsUnder{under("old", "v1", 6, 0), under("old", "v2", 4, 0)},
		Under: []state.ObjectsUnder{under("new", "v1", 10, 0)}, By: "ops@host", Created: epoch, Ended: epoch,
	}
	if change != nil {
		change(&e)
	}
	return e
}

func holds(st state.State, gateway, key, version string) string {
	var out []string
	for _, h := range st.HoldsOn(func(g string) bool { return g == gateway }, key, version) {
		out = append(out, fmt.Sprint(h.Objects, " ", h.Versions, " ", h.Proved, h.Was, h.Unread))
	}
	return fmt.Sprint(out)
}

// A key has objects until it is proved that it has none: headers that say so prove nothing.
func TestABatchHoldsTheKeysThatItsObjectsMayBeUnder(t *testing.T) {
	whole := func(e *state.Evidence) { e.Whole, e.Under[0].Proved = true, 10 }
	for _, c := range []struct {
		name                        string
		change                      func(*state.Evidence)
		gateway, key, version, want string
	}{
		{"the target", nil, "dev", "new", "", "[10 v1 false false false]"},
		{"a version of the target", nil, "dev", "new", "v2", "[]"},
		{"moved and not proved", nil, "dev", "old", "", "[10 v1, v2 false true false]"},
		{"a version that was", nil, "dev", "old", "v2", "[4 v2 false true false]"},
		{"proved", whole, "dev", "old", "", "[]"},
		{"proved to be under the target", whole, "dev", "new", "", "[10 v1 true false false]"},
		{"not begun", func(e *state.Evidence) { e.Under, e.Status = nil, state.EvidenceCreated }, "dev", "old", "v1", "[6 v1 false true false]"},
		{"left behind", func(e *state.Evidence) { whole(e); e.Under = append(e.Under, under("old", "v1", 1, 1)) }, "dev", "old", "", "[1 v1 true false false]"},
		{"a stranger", nil, "dev", "other", "", "[]"},
		{"unread", func(e *state.Evidence) { e.Unread = 3 }, "dev", "other", "", "[0  false false true]"},
		{"unread, of another gateway", func(e *state.Evidence) { e.Unread = 3 }, "else", "other", "", "[]"},
		{"unread, and proved since", func(e *state.Evidence) { whole(e); e.Unread = 3 }, "dev", "other", "", "[]"},
	} {
		if got := holds(state.State{Batches: []state.Evidence{archive(c.change)}}, c.gateway, c.key, c.version); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A second plan of the same objects reads headers that name the new key: that proves nothing of the old one, which stays held
// until a run is whole.
func TestALaterBatchTakesOverWhatAnEarlierOneDidNotProve(t *testing.T) {
	again := archive(func(e *state.Evidence) { e.Before, e.Manifest = []state.ObjectsUnder{under("new", "v1", 10, 0)}, "01" })
	st := state.State{Batches: state.WithEvidence([]state.Evidence{archive(nil)}, again)}
	if got := holds(st, "dev", "old", ""); len(st.Batches) != 1 || got != "[10 v1, v2 false true false]" {
		t.Errorf("after an unproved run: %s", got)
	}
	again.Whole = true
	if st.Batches = state.WithEvidence(st.Batches, again); holds(st, "dev", "old", "") != "[]" || len(st.Batches) != 1 {
		t.Errorf("after a whole run: %+v", st.Batches)
	}
	some := archive(func(e *state.Evidence) { e.Filter = "f1" })
	other := archive(func(e *state.Evidence) { e.Source = "s3://other/" })
	all := state.WithEvidence(state.WithEvidence([]state.Evidence{archive(nil)}, some), other)
	if len(all) != 3 {
		t.Errorf("evidence of some objects, or of another source, took the place of the rest: %+v", all)
	}
	if all = state.WithEvidence(all, archive(nil)); len(all) != 2 || all[1].Source != "s3://other/" {
		t.Errorf("evidence of all objects did not take the place of that of some: %+v", all)
	}
}

// Evidence is stored, read, moved, forgotten and told apart like what else a state has.
func TestEvidenceIsKeptByTheState(t *testing.T) {
	st := everything()
	st.Batches = []state.Evidence{archive(func(e *state.Evidence) { e.Filter, e.Report, e.Verified, e.Unread, e.Failed = "f", "02", epoch, 1, 1 })}
	back, err := state.Decode("s", must(state.Encode(st)))
	if err != nil || !reflect.DeepEqual(back, st) {
		t.Errorf("read back as %+v, %v", back.Batches, err)
	}
	if state.SameContent(st, everything()) {
		t.Error("a batch is no content")
	}
	moved, err := state.Move(st, "batch.archive", "batch.attic")
	if err != nil || moved.Batches[0].Address != "batch.attic" || st.Batches[0].Address != "batch.archive" {
		t.Errorf("moved to %+v, %v", moved.Batches, err)
	}
	if _, err := state.Move(st, "batch.archive", "key.orders"); err == nil {
		t.Error("a batch became a key")
	}
	left, gone, err := state.Remove(st, "batch.archive")
	if err != nil || len(left.Batches) != 0 || fmt.Sprint(gone) != "[batch.archive]" || len(left.Files) != 1 {
		t.Errorf("%v left %+v, %v", gone, left.Batches, err)
	}
	head := state.Entry{Op: state.OpOpen, Header: &state.Header{Format: state.JournalFormat, ID: "j", Lineage: st.Lineage, Base: st.Serial}}
	folded, _, err := state.Fold(st, []state.Entry{head, state.MoveEntry(map[string]string{"batch.archive": "batch.attic"})})
	if err != nil || folded.Batches[0].Address != "batch.attic" || st.Batches[0].Address != "batch.archive" {
		t.Errorf("folded to %+v, %v", folded.Batches, err)
	}
	if folded, _, err = state.Fold(st, []state.Entry{head, state.ForgetBatchEntry("batch.archive")}); err != nil || len(folded.Batches) != 0 || len(st.Batches) != 1 {
		t.Errorf("folded to %+v, %v", folded.Batches, err)
	}
}
