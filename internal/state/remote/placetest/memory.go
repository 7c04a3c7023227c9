package placetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Memory is a Place in memory. Copies of the pointer are handles of several processes.
type Memory struct {
	mu      sync.Mutex
	head    []byte
	rev     int
	objects map[string][]byte
	down    int  // calls that fail from now on
	lose    bool // the next Swap takes effect first
	// Calls counts what was asked for, by method.
	Calls map[string]int
}

// NewMemory returns an empty one.
func NewMemory() *Memory { return &Memory{objects: map[string][]byte{}, Calls: map[string]int{}} }

// ErrDown is what a call gets while the server is away.
var ErrDown = errors.New("the server is away")

// Lose lets the next Swap take effect, and it and the calls after it fail, n altogether.
func (m *Memory) Lose(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.lose = n, true
}

// Objects are the names that are stored.
func (m *Memory) Objects() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.objects {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Edit changes the head, or with a name an object, behind everybody's back.
func (m *Memory) Edit(name string, edit func([]byte) []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if name == "" {
		m.head = edit(slices.Clone(m.head))
		m.rev++
	} else {
		m.objects[name] = edit(slices.Clone(m.objects[name]))
	}
}

func (m *Memory) begin(ctx context.Context, call string) error {
	m.Calls[call]++
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.down > 0 && !m.lose {
		m.down--
		return ErrDown
	}
	return nil
}

func (m *Memory) answered() error {
	if m.lose {
		m.lose = false
		m.down--
		return ErrDown
	}
	return nil
}

func (m *Memory) revision() remote.Revision {
	if m.head == nil {
		return ""
	}
	return remote.Revision(strconv.Itoa(m.rev))
}

// Head implements remote.Place.
func (m *Memory) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx, "Head"); err != nil {
		return nil, "", err
	}
	return slices.Clone(m.head), m.revision(), nil
}

// Swap implements remote.Place.
func (m *Memory) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx, "Swap"); err != nil {
		return "", err
	}
	if m.revision() != old {
		return "", fmt.Errorf("%w: revision %q", remote.ErrConflict, m.revision())
	}
	m.head = slices.Clone(head)
	m.rev++
	return m.revision(), m.answered()
}

// Put implements remote.Place.
func (m *Memory) Put(ctx context.Context, name string, object []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx, "Put"); err != nil {
		return err
	}
	m.objects[name] = slices.Clone(object)
	return nil
}

// Get implements remote.Place.
func (m *Memory) Get(ctx context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx, "Get"); err != nil {
		return nil, err
	}
	object, ok := m.objects[name]
	if !ok {
		return nil, remote.ErrNoObject
	}
	return slices.Clone(object), nil
}

// Drop implements remote.Place.
func (m *Memory) Drop(ctx context.Context, names ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx, "Drop"); err != nil {
		return err
	}
	for _, name := range names {
		delete(m.objects, name)
	}
	return nil
}

// String implements remote.Place.
func (m *Memory) String() string { return "in memory" }
