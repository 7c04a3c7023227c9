package emulatortest

import (
	"context"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// New starts an emulator in memory and closes it when the test ends. Options may
// be changed first, for example to keep data in a directory.
func New(t testing.TB, change ...func(*emulator.Options)) *emulator.Server {
	t.Helper()
	o := emulator.Options{Memory: true}
	for _, c := range change {
		c(&o)
	}
	s, err := emulator.Start(context.Background(), o)
	if err != nil {
		t.Fatalf("start an emulator: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the emulator: %v", err)
		}
	})
	return s
}
