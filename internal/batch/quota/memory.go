package quota

import (
	"context"
	"sync"
	"time"
)

// Memory is the bucket of one process.
type Memory struct {
	now  func() time.Time
	lead time.Duration

	mu    sync.Mutex
	level Level
}

// NewMemory makes a full bucket; now is the clock, nil = this machine's.
func NewMemory(perSecond float64, now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{now: now, level: Full(perSecond, now())}
}

// Lease implements Bucket.
func (m *Memory) Lease(ctx context.Context, n int) (Slot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var s Slot
	m.level, s = m.level.Lease(n, m.now(), m.lead)
	return s, ctx.Err()
}

// Throttled implements Bucket.
func (m *Memory) Throttled(_ context.Context, epoch int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.level = m.level.Throttled(epoch, m.now())
	return nil
}

// Set implements Bucket.
func (m *Memory) Set(_ context.Context, perSecond float64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.level = m.level.Set(perSecond, m.now())
	return nil
}

// Rate implements Bucket.
func (m *Memory) Rate(context.Context) (now, ceiling float64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.level.Grown(m.now())
	return l.Rate, l.Ceiling, nil
}
