package turns_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/turns"
)

type chunk struct{ queue.Delivery }

func (chunk) End(context.Context) error { return nil }

// A chunk that always fails is not tried without rest, and one that goes well ends the pauses.
func TestErrorsInARowAreFollowedByLongerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		begun := time.Now()
		err := turns.Work(t.Context(), queue.Worker{Once: true, Do: func(context.Context, queue.Delivery) error {
			if at = append(at, time.Since(begun)); len(at) == 11 {
				return nil
			}
			return errors.New("it failed")
		}}, time.Second, func(context.Context) (turns.Held, bool, error) {
			if len(at) == 13 {
				return nil, false, nil
			}
			return chunk{}, false, nil
		})
		if err != nil || at[1] != 50*time.Millisecond || at[2]-at[1] != 100*time.Millisecond || at[10]-at[9] != 10*time.Second || at[12]-at[11] != 50*time.Millisecond {
			t.Errorf("it was tried after %v: %v", at, err)
		}
	})
}

func TestAWorkerLooksAgainUntilItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		n := 0
		err := turns.Work(ctx, queue.Worker{}, time.Second, func(context.Context) (turns.Held, bool, error) { n++; return nil, false, nil })
		if !errors.Is(err, context.DeadlineExceeded) || n != 11 {
			t.Errorf("it looked %d times: %v", n, err)
		}
	})
}
