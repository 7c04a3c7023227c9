package work

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
)

// crowded is a source whose objects stay open for a while, and which counts them.
type crowded struct {
	source.Source
	now, most atomic.Int64
	hold      chan struct{}
}

func (c *crowded) Open(ctx context.Context, _ string) (source.Handle, error) {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	<-c.hold
	return nil, source.ErrGone
}

// Holds implements source.Holder: all of it.
func (*crowded) Holds(size int64) int64 { return size }

// However many objects are worked on at once, those that are large are few: memory does not grow with their size.
func TestLargeObjectsAreFewAtOnce(t *testing.T) {
	for size, want := range map[int64]int64{1 << 10: 16, 512 << 10: 16, 1 << 20: 8, 4 << 20: 2, 16 << 20: 2, 5 << 30: 2, -1: 16} {
		synctest.Test(t, func(t *testing.T) {
			c := &crowded{hold: make(chan struct{})}
			var entries []batch.Entry
			for i := range 40 {
				entries = append(entries, batch.Entry{Name: fmt.Sprint(i), Size: size})
			}
			done := make(chan error)
			go func() {
				_, _, err := (&Worker{Source: c}).objects(t.Context(), nil, 0, entries)
				done <- err
			}()
			synctest.Wait()
			close(c.hold)
			if err := <-done; err != nil || c.most.Load() != want {
				t.Errorf("of objects of %d bytes %d were open at once, want %d: %v", size, c.most.Load(), want, err)
			}
		})
	}
}
