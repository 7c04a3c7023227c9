package stack_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// A command that waits for another says who holds what it waits for, what for and since when, once; and one that does
// not wait has it in its error.
func TestWhoWaitsSaysForWhom(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.apply()
	store, err := local.Open(filepath.Join(r.dir, "kmsplan.state.json"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	info := state.NewLockInfo("apply", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	lock, err := store.Lock(t.Context(), info)
	if err != nil {
		t.Fatal(err)
	}
	edit := func() error {
		stored, err := stack.OpenState(r.module(), r.options)
		if err != nil {
			t.Fatal(err)
		}
		return stored.Edit(t.Context(), "state mv", func(s state.State) (state.State, error) { return s, nil })
	}
	named := func(text string) bool {
		return strings.Contains(text, info.Holder()) && strings.Contains(text, "for apply") && strings.Contains(text, "2026-03-01T12:00:00Z")
	}
	r.notes = nil
	if err := edit(); err == nil || !named(err.Error()+" for apply") || len(r.notes) > 0 {
		t.Errorf("without patience: %v, notes %q", err, r.notes)
	}
	r.options.LockTimeout = 120 * time.Millisecond // two attempts
	if err := edit(); err == nil || len(r.notes) != 1 || !named(r.notes[0]) || !strings.Contains(r.notes[0], "120ms") {
		t.Errorf("with it: %v, notes %q", err, r.notes)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	r.notes = nil
	if err := edit(); err != nil || len(r.notes) > 0 {
		t.Errorf("a free lock: %v, notes %q", err, r.notes)
	}
}

// So does one that waits for the emulator of another.
func TestWhoWaitsForAnEmulatorSaysForWhom(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.plan(r.open())
	r.options.LockTimeout = 50 * time.Millisecond
	err := r.try()
	if err == nil || len(r.notes) != 1 || !strings.Contains(r.notes[0], "waiting for the emulator in") || !strings.Contains(r.notes[0], "process ") || !strings.Contains(r.notes[0], " since 20") {
		t.Errorf("%v, notes %q", err, r.notes)
	}
}
