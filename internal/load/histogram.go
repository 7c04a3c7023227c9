package load

import (
	"math/bits"
	"time"
)

// histogram counts durations in constant memory. A value is known to a 32nd of itself.
type histogram struct {
	buckets  [60 * half]uint64
	n        uint64
	sum      time.Duration
	min, max time.Duration
}

// half is how many buckets each power of two has.
const half = 32

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	if h.n == 0 || d < h.min {
		h.min = d
	}
	h.max = max(h.max, d)
	h.n++
	h.sum += d
	h.buckets[bucket(uint64(d))]++
}

// bucket is where a value is counted: itself below 64, and then the upper six bits behind the number of those shifted out.
func bucket(v uint64) int {
	shift := max(bits.Len64(v)-6, 0)
	return shift*half + int(v>>shift)
}

// highest is the greatest value of a bucket.
func highest(i int) uint64 {
	if i < 2*half {
		return uint64(i)
	}
	shift := i/half - 1
	return (uint64(i-shift*half)+1)<<shift - 1
}

// quantile is the value that a share q of all are not above.
func (h *histogram) quantile(q float64) time.Duration {
	rank := max(uint64(q*float64(h.n)+0.9999999), 1)
	var seen uint64
	for i, n := range h.buckets {
		if seen += n; n > 0 && seen >= rank {
			return min(time.Duration(highest(i)), h.max)
		}
	}
	return h.max
}

func (h *histogram) mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return h.sum / time.Duration(h.n)
}
