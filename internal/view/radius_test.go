package view

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

func TestRadiusInWords(t *testing.T) {
	k := addr.Resource("key", "k")
	for want, x := range map[string]plan.Radius{
		"without key.k 14 secrets and 212 files stop decrypting.":                                {Addr: k, Secrets: 14, Files: 212},
		"without key.k 1 file stops decrypting, and 2 aliases lead to nothing that can be used.": {Addr: k, Files: 1, Aliases: 2},
		"without key.k 1 alias leads to nothing that can be used.":                               {Addr: k, Aliases: 1},
	} {
		if got := RadiusSentence(x); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
