package core_test

import (
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
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
	e, err := engine.New(db, clk, core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &core.Call{Account: core.DefaultAccount, Region: core.DefaultRegion, Gateway: core.Public}
	created, err := keys.CreateKey(e, c, &keys.CreateKeyRequest{})
	if err != nil {
		t.Fatal(err)
	}
	id, window := created.KeyMetadata.KeyId, int64(7)
	if _, err := keys.ScheduleKeyDeletion(e, c, &keys.ScheduleKeyDeletionRequest{KeyId: &id, PendingWindowInDays: &window}); err != nil {
		t.Fatal(err)
	}
	// The first half of Advance; the process dies before the second.
	if fired, err := e.FireUntil(began.Add(30*core.Day), true); err != nil || len(fired) != 1 {
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
	if _, err := engine.New(again, clk, core.Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := clk.Now(), began.Add(7*core.Day); !got.Equal(want) {
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
	e, err := engine.New(db, clk, core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.FireMost = 10
	on, every, instance := true, "7d", e.Bootstrap().Instance
	c := &core.Call{Account: core.DefaultAccount, Region: core.DefaultRegion, Gateway: core.Public}
	if _, err := keys.CreateKey(e, c, &keys.CreateKeyRequest{DKMSInstanceId: &instance, EnableAutomaticRotation: &on, RotationInterval: &every}); err != nil {
		t.Fatal(err)
	}
	began := clk.Now().Truncate(time.Second)
	fired, err := e.Advance(3650 * core.Day)
	if err == nil || !strings.Contains(err.Error(), "smaller steps") {
		t.Errorf("Advance = %v", err)
	}
	last := fired[len(fired)-1].At
	if !clk.Now().Equal(last) || !last.Before(began.Add(3650*core.Day)) {
		t.Errorf("the clock shows %s, the last event was at %s", clk.Now(), last)
	}
	if fired, err := e.Advance(21 * core.Day); err != nil || len(fired) != 3 {
		t.Errorf("going on: %v, %v", fired, err)
	}
}
