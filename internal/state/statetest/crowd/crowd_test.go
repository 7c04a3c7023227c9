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

func TestWhatIsMissingIsNamed(t *testing.T) {
	at := state.Position{
		State: state.State{Resources: []state.Resource{{ID: "recorded"}}},
		Open:  []state.Intent{{ID: "intent-open"}},
	}
	began := map[string]bool{"open": true, "recorded": true, "forgotten": true}
	stored := map[string]bool{"recorded": true, "open": true} // acknowledged as an object: an open call is not enough
	if got, want := missing(at, began, stored), []string{"call forgotten", "object open"}; !slices.Equal(got, want) {
		t.Errorf("missing: %q, want %q", got, want)
	}
}
