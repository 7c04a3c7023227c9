package load

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestQuantilesAreNear holds quantiles against sorted values: never below, and at most a 32nd above.
func TestQuantilesAreNear(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 10, 999, 10_000} {
		var h histogram
		var all []time.Duration
		for range n {
			d := time.Duration(math.Exp(random.Float64() * 28)) // up to 24 minutes
			h.add(d)
			all = append(all, d)
		}
		slices.Sort(all)
		for _, q := range []float64{0.001, 0.5, 0.9, 0.99, 0.999, 1} {
			want := all[max(int(math.Ceil(q*float64(n)))-1, 0)]
			if got := h.quantile(q); got < want || float64(got) > float64(want)*(1+1.0/32) {
				t.Errorf("of %d values, quantile %v is %v, not %v", n, q, got, want)
			}
		}
		if h.min != all[0] || h.max != all[n-1] {
			t.Errorf("from %v to %v, not from %v to %v", h.min, h.max, all[0], all[n-1])
		}
	}
}

// TestEveryBucketHoldsItsHighest: the buckets follow each other without a gap, over all durations.
func TestEveryBucketHoldsItsHighest(t *testing.T) {
	for i := range bucket(math.MaxInt64) {
		if v := highest(i); bucket(v) != i || bucket(v+1) != i+1 {
			t.Fatalf("bucket %d ends at %d", i, v)
		}
	}
	var h histogram
	h.add(math.MaxInt64)
	h.add(-1)
	if h.min != 0 || h.quantile(1) != math.MaxInt64 || h.mean() == 0 {
		t.Errorf("%v, %v", h.min, h.quantile(1))
	}
	if (&histogram{}).quantile(0.5) != 0 || (&histogram{}).mean() != 0 {
		t.Error("nothing has a latency")
	}
}
