package store_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

type note struct{ Text string }

// history is a model of one table over a clock that the test moves.
type history struct {
	testing.TB
	*store.DB
	now   time.Time
	notes store.Table[note]
}

func newHistory(t *testing.T) *history {
	db, err := store.Open(store.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &history{TB: t, DB: db, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), notes: store.NewTable[note]("note")}
	if err := db.Attach(h.notes); err != nil {
		t.Fatal(err)
	}
	db.Remember(func() time.Time { return h.now })
	return h
}

func (h *history) put(text string) {
	h.Helper()
	if err := h.Update(func(tx *store.Tx) error { h.notes.Put(tx, "n", note{text}); return nil }); err != nil {
		h.Fatal(err)
	}
}

func (h *history) read(db *store.DB) (text string) {
	_ = db.View(func(tx *store.Tx) error {
		v, _ := h.notes.Get(tx, "n")
		text = v.Text
		return nil
	})
	return text
}

func TestThePastIsAsItWas(t *testing.T) {
	h := newHistory(t)
	start := h.now
	for _, text := range []string{"one", "two", "three"} {
		h.now = h.now.Add(time.Minute)
		h.put(text)
	}
	for after, want := range map[time.Duration]string{
		-time.Hour: "", 0: "", 59 * time.Second: "", time.Minute: "one", 119 * time.Second: "one", 2 * time.Minute: "two", time.Hour: "three",
	} {
		if got := h.read(h.AsOf(start.Add(after))); got != want {
			t.Errorf("after %s it is %q, want %q", after, got, want)
		}
	}
	old := h.AsOf(start.Add(time.Minute))
	if err := old.Update(func(tx *store.Tx) error { h.notes.Delete(tx, "n"); return nil }); !errors.Is(err, store.ErrPast) {
		t.Errorf("the past was changed: %v", err)
	}
	if h.read(old) != "one" || h.read(h.DB) != "three" {
		t.Error("changed")
	}
}

func TestThePastIsBounded(t *testing.T) {
	h := newHistory(t)
	start := h.now
	h.put("first")
	for range 1100 {
		h.put("again")
	}
	if got := h.read(h.AsOf(start.Add(-time.Second))); got != "again" {
		t.Errorf("more states are kept than promised: %q", got)
	}
	h.now = start.Add(3 * time.Hour)
	h.put("late")
	h.now = start.Add(3*time.Hour + time.Minute)
	h.put("later")
	if got := h.read(h.AsOf(start.Add(2 * time.Hour))); got != "again" {
		t.Errorf("at the edge: %q", got)
	}
	if err := h.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := h.read(h.AsOf(start)); got != "" {
		t.Errorf("the past outlives a reset: %q", got)
	}
}

func TestAFullDiskChangesNothing(t *testing.T) {
	h := newHistory(t)
	h.put("kept")
	full := h.Full()
	err := full.Update(func(tx *store.Tx) error { h.notes.Put(tx, "n", note{"lost"}); return nil })
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	own := errors.New("own refusal")
	if err := full.Update(func(*store.Tx) error { return own }); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
	if err := full.Update(func(*store.Tx) error { return nil }); err != nil {
		t.Errorf("an Update without a change: %v", err)
	}
	if h.read(h.DB) != "kept" || h.read(full) != "kept" {
		t.Error("changed")
	}
	h.put("on")
	if h.read(full) != "on" {
		t.Error("it does not follow the model")
	}
}
