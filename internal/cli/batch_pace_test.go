package cli

import (
	"testing"
	"time"
)

// Steps of a hundred objects come every five seconds here: the rate that is shown is neither that of the second in which one
// came nor none.
func TestThePaceIsAnAverageOverSteps(t *testing.T) {
	var p pace
	began := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	for second := range 120 {
		got := p.of(began.Add(time.Duration(second)*time.Second), int64(second/5)*300)
		switch {
		case second < 5 && got != 0:
			t.Errorf("after %d seconds without a step: %v", second, got)
		case second >= 20 && (got < 45 || got > 75):
			t.Errorf("after %d seconds: %v calls a second, and 60 are made", second, got)
		}
	}
	if len(p.looks) > 22 {
		t.Errorf("%d looks are kept", len(p.looks))
	}
	for second := 120; second < 145; second++ {
		if got := p.of(began.Add(time.Duration(second)*time.Second), 23*300); second >= 141 && got != 0 {
			t.Errorf("a batch that stands still makes %v", got)
		}
	}
}
