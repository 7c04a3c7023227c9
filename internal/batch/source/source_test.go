package source_test

import (
	"fmt"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch/source/sourcetest"
)

func TestTheSourceInMemoryIsOne(t *testing.T) {
	sourcetest.Suite(t, func(t *testing.T) sourcetest.Rig {
		m := sourcetest.NewMemory()
		return sourcetest.Rig{
			Source: m, Name: func(n int) string { return fmt.Sprintf("dir/object-%04d", n) },
			Put:    func(_ *testing.T, name string, content []byte) { m.Put(name, content) },
			Get:    func(_ *testing.T, name string) []byte { return m.Get(name) },
			Delete: func(_ *testing.T, name string) { m.Delete(name) },
		}
	})
}
