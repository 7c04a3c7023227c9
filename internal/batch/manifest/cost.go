package manifest

import (
	"math"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// Cost is what a batch takes of KMS.
type Cost struct {
	Calls int64
	Time  time.Duration // at the rate; 0 = no call is made
}

// CostOf is what is to do in calls: an object's data key is opened once however many objects share it, wrapped once, and
// that proved by opening it; a fresh one is made and proved. Where the batch verifies, what is at the target is opened too.
// perSecond is the batch's rate; of what was not read each object is taken to have a data key of its own.
func CostOf(s Summary, spec batch.Spec, perSecond float64) Cost {
	wraps := s.Wraps
	if s.Unread {
		wraps = s.Objects
	}
	fresh := s.Todo
	if spec.Scope == "directory" || spec.Scope == "run" {
		fresh = (s.Todo + keys.DefaultFilesPerKey - 1) / keys.DefaultFilesPerKey
	}
	var c Cost
	switch spec.Action {
	case batch.Rewrap:
		c.Calls = 3 * wraps
	case batch.Reencrypt:
		c.Calls = wraps + 2*fresh
	case batch.Encrypt:
		c.Calls = 2 * fresh
	case batch.Verify:
		c.Calls = wraps
	}
	opened := spec.Sample.Share
	if spec.Sample.All {
		opened = 1
	}
	c.Calls += int64(math.Ceil(opened * float64(s.ThereWraps)))
	if perSecond > 0 {
		c.Time = time.Duration(float64(c.Calls) / perSecond * float64(time.Second))
	}
	return c
}
