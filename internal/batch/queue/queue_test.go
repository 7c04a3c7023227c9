package queue_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

func TestTheQueueInMemoryIsOne(t *testing.T) {
	queuetest.Suite(t, func(*testing.T) queuetest.Rig {
		m := queuetest.NewMemory()
		return queuetest.Rig{Open: func(*testing.T) queue.Queue { return m }}
	})
}
