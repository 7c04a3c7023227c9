package local_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/local"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

func open(t *testing.T, dir string) *local.Queue {
	t.Helper()
	q, err := local.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

func TestTheQueueOfOneMachineIsOne(t *testing.T) {
	queuetest.Suite(t, func(t *testing.T) queuetest.Rig {
		dir := t.TempDir()
		return queuetest.Rig{Open: func(t *testing.T) queue.Queue { return open(t, dir) }}
	})
}
