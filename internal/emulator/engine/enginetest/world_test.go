package enginetest_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

// TestWorldsStandStill: a world's time moves only when a test moves it.
func TestWorldsStandStill(t *testing.T) {
	w := enginetest.NewWorld(t)
	before := w.E.Clock().Now()
	w.Advance(enginetest.Days(1))
	if got := w.E.Clock().Now().Sub(before); got != enginetest.Days(1) {
		t.Errorf("a day later it is %s later", got)
	}
}
