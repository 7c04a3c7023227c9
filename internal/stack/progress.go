package stack

import (
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/kms/public"
)

// Progress is how far the reading of a gateway's objects is.
type Progress struct {
	Gateway     string
	Done, Total int
	PerSecond   float64 // calls that the client allows itself; 0 = as many as it can
	Quota       string  // the group of calls that bounds it
	Began, At   time.Time
}

// progressOf tells of a gateway what Options.Progress wants to know; nil = nobody does. One object is one DescribeKey, nearly always.
func (s *Stack) progressOf(gateway string, client *public.Client) func(done, total int) {
	if s.options.Progress == nil {
		return nil
	}
	now := s.options.Now
	if now == nil {
		now = time.Now
	}
	var mu sync.Mutex
	var began time.Time
	return func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		at := now()
		if done == 0 {
			began = at
		}
		rate, quota := client.Rate("DescribeKey")
		s.options.Progress(Progress{Gateway: gateway, Done: done, Total: total, PerSecond: rate, Quota: string(quota), Began: began, At: at})
	}
}
