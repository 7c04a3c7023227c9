package seed_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/seed"
)

// Whatever stands in a seed file, the engine takes it whole or refuses it with
// an error, and works on.
func FuzzSeed(f *testing.F) {
	f.Add(seedFile)
	f.Add(`{"keys":[{"id":"a","rotation_interval":"365d","versions":[{}]}]}`)
	f.Add(`{"secrets":[{"name":"s","versions":[{"id":"1","data":"\u0000"}]}]}`)
	f.Fuzz(func(t *testing.T, doc string) {
		w := enginetest.NewWorld(t)
		if _, err := seed.From(w.E, strings.NewReader(doc), true); err != nil {
			if n := w.Do("ListKeys", nil)["TotalCount"]; n != 0.0 {
				t.Errorf("a refused seed left %v keys", n)
			}
		}
		w.Do("ListKeys", nil)
		w.Do("ListAliases", nil)
	})
}
