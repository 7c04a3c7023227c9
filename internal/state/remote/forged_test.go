package remote_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// A part of the journal that stands in another's place is whole, and not the one that the head names.
func TestAPartOfTheJournalInAnothersPlaceIsDamage(t *testing.T) {
	m := placetest.NewMemory()
	j, _, err := state.Open(t.Context(), remote.New(m, remote.Options{}), "test")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		r := state.Resource{Address: fmt.Sprint("key.k", i), Kind: "key", ID: "k", Attributes: map[string]any{"description": strings.Repeat("d", 500)}}
		if err := j.Append(state.Record(r)); err != nil {
			t.Fatal(err)
		}
	}
	parts := m.Objects()
	if len(parts) < 2 {
		t.Fatalf("the journal lies in %d objects", len(parts))
	}
	var first []byte
	m.Edit(parts[0], func(b []byte) []byte { first = slices.Clone(b); return b })
	m.Edit(parts[1], func([]byte) []byte { return first })
	if _, err := remote.New(m, remote.Options{}).ReadJournal(t.Context()); !errors.Is(err, state.ErrJournal) {
		t.Errorf("a part was exchanged for another: %v", err)
	}
}

// A state that stands in the place of another is whole, of the same stack and serial, and not the one that the head names.
func TestAStateInAnothersPlaceIsDamage(t *testing.T) {
	lineage := state.New().Lineage
	of := func(id string) (*placetest.Memory, string) {
		m := placetest.NewMemory()
		st := state.State{Version: state.FormatVersion, Serial: 1, Lineage: lineage, Resources: []state.Resource{{Address: "key." + id, Kind: "key", ID: id}}}
		if _, err := remote.New(m, remote.Options{}).CompareAndSwap(t.Context(), state.Version{}, st); err != nil {
			t.Fatal(err)
		}
		return m, m.Objects()[0]
	}
	ours, name := of("ours")
	theirs, other := of("theirs")
	theirs.Edit(other, func(b []byte) []byte {
		ours.Edit(name, func([]byte) []byte { return slices.Clone(b) })
		return b
	})
	if st, _, err := remote.New(ours, remote.Options{}).Read(t.Context()); !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("read %+v, %v", st.Resources, err)
	}
}

// A head that names a state by another serial than it has is damaged.
func TestAHeadThatNamesAnotherSerialIsDamage(t *testing.T) {
	m := placetest.NewMemory()
	if err := statetest.AddResource(t.Context(), remote.New(m, remote.Options{}), "a"); err != nil {
		t.Fatal(err)
	}
	m.Edit("", func(head []byte) []byte { return bytes.Replace(head, []byte(`"serial":1`), []byte(`"serial":2`), 1) })
	if _, v, err := remote.New(m, remote.Options{}).Read(t.Context()); !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("read %v, %v", v, err)
	}
}

// A journal that is exchanged in the head for an earlier one is damaged.
func TestAnEarlierJournalInTheHeadIsDamage(t *testing.T) {
	m := placetest.NewMemory()
	j, _, err := state.Open(t.Context(), remote.New(m, remote.Options{}), "test")
	if err != nil {
		t.Fatal(err)
	}
	var earlier []byte
	for _, id := range []string{"a", "b"} {
		if err := j.Append(state.Record(state.Resource{Address: "key." + id, Kind: "key", ID: id})); err != nil {
			t.Fatal(err)
		}
		m.Edit("", func(head []byte) []byte {
			_, after, _ := bytes.Cut(head, []byte(`"journal":"`))
			now, _, _ := bytes.Cut(after, []byte(`"`))
			if earlier == nil {
				earlier = slices.Clone(now)
				return head
			}
			return bytes.Replace(head, now, earlier, 1)
		})
	}
	if entries, err := remote.New(m, remote.Options{}).ReadJournal(t.Context()); !errors.Is(err, state.ErrJournal) {
		t.Errorf("read %d entries, %v", len(entries), err)
	}
}
