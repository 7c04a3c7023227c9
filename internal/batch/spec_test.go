package batch

import (
	"math"
	"testing"
)

func TestARateIsAShareOfTheQuotaAndNeverAboveItsCeiling(t *testing.T) {
	for name, c := range map[string]struct {
		rate  Rate
		quota float64
		want  float64
	}{
		"nothing said leaves four tenths to production": {Rate{}, 1000, 600},
		"a share":                      {Rate{Share: 0.25}, 1000, 250},
		"a ceiling alone":              {Rate{CallsPerSecond: 300}, 1000, 300},
		"a ceiling above the share":    {Rate{Share: 0.1, CallsPerSecond: 300}, 1000, 100},
		"a ceiling below the share":    {Rate{Share: 0.5, CallsPerSecond: 300}, 1000, 300},
		"a ceiling above the quota":    {Rate{CallsPerSecond: 5000}, 1000, 1000},
		"a ceiling, no quota is known": {Rate{CallsPerSecond: 300}, 0, 300},
		"a share of next to nothing":   {Rate{Share: 1e-300}, 1000, LeastRate},
	} {
		if got := c.rate.PerSecond(c.quota); got != c.want {
			t.Errorf("%s: %v calls per second, want %v", name, got, c.want)
		}
	}
}

func TestARateThatNobodyCanKeepToIsRefused(t *testing.T) {
	for rate, ok := range map[Rate]bool{
		{}: false, {Share: 1}: true, {CallsPerSecond: LeastRate}: true, {Share: 0.5, CallsPerSecond: 300}: true, {Share: 1e-300}: true,
		{Share: math.NaN()}: false, {CallsPerSecond: math.NaN()}: false, {CallsPerSecond: math.Inf(1)}: false, {Share: math.Inf(-1)}: false,
		{Share: -1}: false, {Share: 1.1}: false, {CallsPerSecond: -1}: false, {CallsPerSecond: 1e-300}: false, {CallsPerSecond: 1e9}: false,
	} {
		if err := rate.Check(); (err == nil) != ok {
			t.Errorf("%+v: %v", rate, err)
		}
	}
}

func TestATallyAddsWhatIsUnderEachVersion(t *testing.T) {
	a := Tally{Objects: 2, Written: 1, Under: []Under{{"k", "v1", 1, 0}, {"k", "v2", 1, 1}}}
	a.Add(Tally{Objects: 3, Failed: 1, Under: []Under{{"k", "v2", 2, 2}}})
	if a.Objects != 5 || a.Written != 1 || a.Failed != 1 || len(a.Under) != 2 || a.Under[1] != (Under{"k", "v2", 3, 3}) {
		t.Errorf("the sum is %+v", a)
	}
	a.Less(Tally{Objects: 3, Failed: 1, Under: []Under{{"k", "v2", 2, 2}}})
	if a.Objects != 2 || a.Failed != 0 || a.Under[1] != (Under{"k", "v2", 1, 1}) {
		t.Errorf("the difference is %+v", a)
	}
}

func TestAnIDIsOneOpaqueWord(t *testing.T) {
	s := Spec{Address: `module.a["x.y/z"].batch.archive`, Manifest: "0123456789abcdef0123"}
	if got := s.ID(); got != "module_a__x_y_z___batch_archive-0123456789abcdef" {
		t.Errorf("the id is %s", got)
	}
}
