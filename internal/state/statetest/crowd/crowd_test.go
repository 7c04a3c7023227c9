package crowd

import (
	"path/filepath"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

func TestASecondHolderIsNoticed(t *testing.T) {
	holder := filepath.Join(t.TempDir(), "holder")
	leave, err := enter(holder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enter(holder); err == nil {
		t.Error("a second one entered")
	}
	leave()
	if leave, err = enter(holder); err != nil {
		t.Errorf("after the first had left: %v", err)
	} else {
		leave()
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	at := state.Position{
		State: state.State{Resources: []state.Resource{{ID: "recorded"}, {ID: "twice"}, {ID: "twice"}, {ID: "both"}, {ID: "foreign"}}},
		Open:  []state.Intent{{ID: "intent-open"}, {ID: "intent-both"}, {ID: "intent-stray"}},
	}
	h := newHeard()
	for _, id := range []string{"open", "recorded", "forgotten", "twice", "both"} {
		h.hear("begins", id)
		h.hear("began", id)
	}
	h.hear("stored", "recorded")
	h.hear("stored", "open") // acknowledged as an object: an open call is not enough
	want := []string{
		"both is there more than once", "foreign is there, and nobody began it", "stray is there, and nobody began it",
		"the call forgotten was acknowledged and is not known", "the object open was acknowledged and is not known", "twice is there more than once",
	}
	if got := h.against(at); !slices.Equal(got, want) {
		t.Errorf("wrong: %q, want %q", got, want)
	}
	h.hear("found", "forgotten")
	if len(h.wrong) > 0 {
		t.Errorf("wrong: %q", h.wrong)
	}
	if h.hear("found", "open"); len(h.wrong) != 1 {
		t.Errorf("wrong: %q", h.wrong)
	}
}
