package lint

import (
	"strings"
	"testing"
	"time"
)

// A drill holds for 90 days, and only where it opened every file.
func TestADrillHoldsForNinetyDays(t *testing.T) {
	bad, _, _ := fixtures(t, "KP041")
	o := Options{Only: []*Rule{Lookup(Rules(), "KP041")}}
	for want, set := range map[string]func(*Input){
		"no drill has opened":   func(in *Input) { in.Drilled = time.Time{} },
		"91 days ago":           func(in *Input) { in.Drilled = in.Now.Add(-91 * day) },
		"could not open 2 of":   func(in *Input) { in.Drilled, in.DrillFailed = in.Now, 2 },
		"":                      func(in *Input) { in.Drilled = in.Now.Add(-90 * day) },
		"nothing without state": func(in *Input) { in.Recorded = nil },
	} {
		in := bad.input(t)
		set(&in)
		found := Run(in, o).Findings
		nothing := want == "" || strings.HasPrefix(want, "nothing")
		if nothing != (len(found) == 0) || !nothing && !strings.Contains(found[0].Message, want) {
			t.Errorf("%q: %+v", want, found)
		}
	}
}
