package state_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/state"
)

func header(id string, base uint64) state.Entry {
	return state.Entry{Op: state.OpOpen, Header: &state.Header{Format: 1, ID: id, Lineage: "lineage", Base: base}}
}

func stateAt(serial uint64, resources ...state.Resource) state.State {
	return state.State{Version: state.FormatVersion, Serial: serial, Lineage: "lineage", Resources: resources}
}

func TestWhichCallsStayOpen(t *testing.T) {
	ambiguous := state.End("intent-a", state.Result{Ambiguous: true, Error: "connection reset"})
	refused := state.End("intent-a", state.Result{Error: "Forbidden.NoPermission"})
	for _, tt := range []struct {
		name    string
		entries []state.Entry
		open    []string // intent:object
	}{
		{"nothing begun", nil, nil},
		{"begun, never answered", []state.Entry{begin("a")}, []string{"intent-a:"}},
		{"answered ambiguously", []state.Entry{begin("a"), ambiguous}, []string{"intent-a:"}},
		{"refused", []state.Entry{begin("a"), refused}, nil},
		{"done, its object not recorded", []state.Entry{begin("a"), end("a", "id-a")}, []string{"intent-a:id-a"}},
		{"done and recorded", []state.Entry{begin("a"), end("a", "id-a"), record("a")}, nil},
		{"done and forgotten", []state.Entry{begin("a"), end("a", ""), state.ForgetEntry("key.a", "a")}, nil},
		{"another object recorded", []state.Entry{begin("a"), end("a", "id-a"), record("b")}, []string{"intent-a:id-a"}},
		{"ambiguous, an older record", []state.Entry{begin("a"), ambiguous, record("a")}, []string{"intent-a:"}},
		{"ambiguous, then resolved", []state.Entry{begin("a"), ambiguous, end("a", "id-a"), record("a")}, nil},
		{"ambiguous, then found not to have happened", []state.Entry{begin("a"), ambiguous, refused}, nil},
		{"a repeated line", []state.Entry{begin("a"), end("a", "id-a"), record("a"), begin("a")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, open, err := state.Fold(stateAt(3), append([]state.Entry{header("j", 3)}, tt.entries...))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, in := range open {
				got = append(got, in.ID+":"+in.ObjectID)
			}
			if !slices.Equal(got, tt.open) {
				t.Errorf("open %v, want %v", got, tt.open)
			}
		})
	}
}

func folded(st state.State, journal string) state.State {
	st.Journal = journal
	return st
}

func TestAJournalFitsItsStateOnly(t *testing.T) {
	mine := state.Resource{Address: "key.a", Kind: "key", ID: "mine"}
	theirs := state.Resource{Address: "key.a", Kind: "key", ID: "theirs"}
	for _, tt := range []struct {
		name    string
		st      state.State
		entries []state.Entry
		keys    string // ids afterwards
		refusal string
	}{
		{"the same serial", stateAt(3), []state.Entry{header("j", 3), state.Record(mine)}, "mine", ""},
		{"a stack born in it", state.New(), []state.Entry{header("j", 0), state.Record(mine)}, "mine", ""},
		{"an older state", stateAt(2), []state.Entry{header("j", 3), state.Record(mine)}, "", "older than the journal"},
		{"a state that is missing", state.New(), []state.Entry{header("j", 3), state.Record(mine)}, "", "missing"},
		{"another stack", state.State{Version: 1, Serial: 3, Lineage: "other"}, []state.Entry{header("j", 3), state.Record(mine)}, "", "another stack"},
		{"a state that moved on, another address", stateAt(5, state.Resource{Address: "key.b", ID: "b"}),
			[]state.Entry{header("j", 3), state.Record(mine)}, "mine b", ""},
		{"a state that moved on, the same object", stateAt(5, mine), []state.Entry{header("j", 3), state.Record(mine)}, "mine", ""},
		{"a state that moved on, another object there", stateAt(5, theirs), []state.Entry{header("j", 3), state.Record(mine)}, "", "state mv"},
		{"a state that moved on, another object forgotten", stateAt(5, theirs),
			[]state.Entry{header("j", 3), state.ForgetEntry("key.a", "mine")}, "theirs", ""},
		{"two objects that swap addresses", stateAt(3, mine, state.Resource{Address: "key.b", ID: "b"}),
			[]state.Entry{header("j", 3), state.MoveEntry(map[string]string{"key.a": "key.b", "key.b": "key.a"})}, "b mine", ""},
		{"a chain of moves", stateAt(3, mine, state.Resource{Address: "key.b", ID: "b"}),
			[]state.Entry{header("j", 3), state.MoveEntry(map[string]string{"key.a": "key.b", "key.b": "key.c"})}, "mine b", ""},
		{"a state that holds it, and moved on", folded(stateAt(5, theirs), "j"), []state.Entry{header("j", 3), state.Record(mine)}, "theirs", ""},
		{"an object replaced by us", stateAt(3, theirs), []state.Entry{header("j", 3), state.Record(mine)}, "mine", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := must(json.Marshal(tt.st))
			got, _, err := state.Fold(tt.st, tt.entries)
			if after := must(json.Marshal(tt.st)); string(after) != string(before) {
				t.Error("the state that was folded into was changed")
			}
			if tt.refusal != "" {
				var fold *state.FoldError
				if !errors.As(err, &fold) || !strings.Contains(err.Error(), tt.refusal) {
					t.Fatalf("folding gave %v, want a refusal that says %q", err, tt.refusal)
				}
				return
			}
			var ids []string
			for _, r := range got.Resources {
				ids = append(ids, r.ID)
			}
			if err != nil || strings.Join(ids, " ") != tt.keys {
				t.Errorf("folded to %v, %v; want %s", ids, err, tt.keys)
			}
		})
	}
}

var entries = rapid.Custom(func(t *rapid.T) state.Entry {
	id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id")
	switch rapid.IntRange(0, 7).Draw(t, "op") {
	case 0:
		return begin(id)
	case 1:
		return end(id, "id-"+id)
	case 2:
		return state.End("intent-"+id, state.Result{Ambiguous: true})
	case 3:
		return state.ForgetEntry("key."+id, "")
	case 4:
		return state.FileEntry(state.File{Address: "data.encrypt." + id, Path: id, Size: rapid.Int64Range(0, 3).Draw(t, "size")})
	case 5:
		return state.ForgetFileEntry("data.encrypt."+id, id)
	case 6:
		return state.OutputEntry(id, rapid.SampledFrom([]any{nil, "x", true}).Draw(t, "value"))
	}
	return state.Record(state.Resource{Address: "key." + id, ID: fmt.Sprint(id, rapid.IntRange(0, 2).Draw(t, "id"))})
})

func TestFoldingTwiceIsFoldingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		journal := append([]state.Entry{header("j", 3)}, rapid.SliceOfN(entries, 0, 30).Draw(t, "entries")...)
		once, open, err := state.Fold(stateAt(3), journal)
		if err != nil {
			t.Fatal(err)
		}
		for name, serial := range map[string]uint64{"the same serial": 3, "the next serial": 4} {
			stored := once
			stored.Serial = serial
			twice, stillOpen, err := state.Fold(stored, journal)
			if err != nil {
				t.Fatal(err)
			}
			twice.Serial = once.Serial
			if !reflect.DeepEqual(once, twice) || !reflect.DeepEqual(open, stillOpen) {
				t.Fatalf("%s:\nonce  %+v %v\ntwice %+v %v", name, once, open, twice, stillOpen)
			}
		}
	})
}

// Cutting a journal anywhere never hides an object: whatever was begun is either in the
// folded state or still open.
func TestEveryPrefixKnowsWhatWasBegun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "changes")
		journal := []state.Entry{header("j", 3)}
		for i := range n {
			id := fmt.Sprint("k", i)
			journal = append(journal, begin(id), end(id, "id-"+id), record(id))
		}
		cut := rapid.IntRange(1, len(journal)).Draw(t, "cut")
		st, open, err := state.Fold(stateAt(3), journal[:cut])
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range journal[1:cut] {
			if e.Op != state.OpBegin {
				continue
			}
			_, kept := state.Find(st, e.Intent.Address)
			isOpen := slices.ContainsFunc(open, func(in state.Intent) bool { return in.ID == e.Intent.ID })
			if kept == isOpen {
				t.Fatalf("%s: in state %v, open %v", e.Intent.Address, kept, isOpen)
			}
		}
	})
}
