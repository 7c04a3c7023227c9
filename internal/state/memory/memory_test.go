package memory_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/memory"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

func TestMemoryKeepsTheStoreContract(t *testing.T) {
	statetest.Run(t, func(*testing.T) statetest.Subject {
		place := &memory.Place{}
		return statetest.Subject{
			Open:   func() state.Store { return place.Open() },
			Lose:   func(bool) { place.LoseAnswer() },
			Damage: place.Damage,
		}
	})
}
