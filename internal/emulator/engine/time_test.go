package engine

import (
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Events and the clock that brought them about are kept in one commit: an engine
// that dies half-way through a move comes back at the last event, not before it.
func TestClockIsKeptWithItsEvents(t *testing.T) {
	where := store.Options{Path: t.TempDir()}
	db, err := store.Open(where)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	began := time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)
	clk := clock.New()
	clk.Freeze()
	clk.Set(began)
	e, err := New(db, clk, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &Call{Account: DefaultAccount, Region: DefaultRegion, Gateway: Public}
	created, err := e.createKey(c, &CreateKeyRequest{})
	if err != nil {
		t.Fatal(err)
	}
	id, window := created.KeyMetadata.KeyId, int64(7)
	if _, err := e.scheduleKeyDeletion(c, &ScheduleKeyDeletionRequest{KeyId: &id, PendingWindowInDays: &window}); err != nil {
		t.Fatal(err)
	}
	// The first half of Advance; the process dies before the second.
	if fired, err := e.fireUntil(began.Add(30*day), true); err != nil || len(fired) != 1 {
		t.Fatalf("fired %v, %v", fired, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(where)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	clk = clock.New()
	if _, err := New(again, clk, Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := clk.Now(), began.Add(7*day); !got.Equal(want) {
		t.Errorf("the clock shows %s, want the key's last instant %s", got, want)
	}
}

// A move that would bring about events without end stops with an error, where it
// got to, and can be gone on with.
func TestMoveStopsAtTooManyEvents(t *testing.T) {
	db, err := store.Open(store.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.New()
	clk.Freeze()
	e, err := New(db, clk, Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.fireMost = 10
	on, every, instance := true, "7d", e.Bootstrap().Instance
	c := &Call{Account: DefaultAccount, Region: DefaultRegion, Gateway: Public}
	if _, err := e.createKey(c, &CreateKeyRequest{DKMSInstanceId: &instance, EnableAutomaticRotation: &on, RotationInterval: &every}); err != nil {
		t.Fatal(err)
	}
	began := clk.Now().Truncate(time.Second)
	fired, err := e.Advance(3650 * day)
	if err == nil || !strings.Contains(err.Error(), "smaller steps") {
		t.Errorf("Advance = %v", err)
	}
	last := fired[len(fired)-1].At
	if !clk.Now().Equal(last) || !last.Before(began.Add(3650*day)) {
		t.Errorf("the clock shows %s, the last event was at %s", clk.Now(), last)
	}
	if fired, err := e.Advance(21 * day); err != nil || len(fired) != 3 {
		t.Errorf("going on: %v, %v", fired, err)
	}
}
