package batch

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func results(list ...Outcome) (out []Result) {
	for _, o := range list {
		out = append(out, Result{Outcome: o})
	}
	return out
}

func TestOutcomesComeBackInTheirOrder(t *testing.T) {
	if got := Outcomes("").With(results(Written, Written)).With(results(Written, Failed)).With(results(Already)); got != "3wfa" {
		t.Errorf("written as %q", got)
	}
	if got := Outcomes("12w").With(nil); got != "12w" {
		t.Errorf("nothing more makes %q", got)
	}
	all := []Outcome{Written, Already, Newer, Opened, Gone, Failed}
	for range 200 {
		var want []Outcome
		var o Outcomes
		for range rand.IntN(9) { // steps
			var step []Outcome
			for range rand.IntN(30) {
				one := all[rand.IntN(1+rand.IntN(len(all)))]
				step = append(step, one)
			}
			o, want = o.With(results(step...)), append(want, step...)
		}
		if got := slices.Collect(o.All()); !slices.Equal(got, want) {
			t.Fatalf("%q reads as %v, and was %v", o, got, want)
		}
	}
	for damaged, n := range map[Outcomes]int{"3w!a": 3, "99999999999999999999": 0, "": 0, "7": 0} {
		if got := len(slices.Collect(damaged.All())); got != n {
			t.Errorf("%q reads as %d outcomes", damaged, got)
		}
	}
}
