package sourcetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// Memory is a source in memory. Its hooks are called without its lock, so that they may write to it.
type Memory struct {
	// Before is asked before each read and each write of an object, by "read" and "replace"; nil = nothing happens.
	Before func(what, name string) error

	mu      sync.Mutex
	objects map[string]memoryObject
	writes  map[string]int
	serial  int
}

type memoryObject struct {
	content  []byte
	revision string
	modified time.Time
}

// NewMemory makes an empty one.
func NewMemory() *Memory {
	return &Memory{objects: map[string]memoryObject{}, writes: map[string]int{}}
}

// Put writes an object, whatever it was.
func (m *Memory) Put(name string, content []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(name, content)
}

func (m *Memory) put(name string, content []byte) string {
	m.serial++
	revision := fmt.Sprintf("r%d", m.serial)
	m.objects[name] = memoryObject{bytes.Clone(content), revision, time.Unix(1_700_000_000+int64(m.serial), 0)}
	return revision
}

// Get is an object's content, nil where there is none.
func (m *Memory) Get(name string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.objects[name].content)
}

// Delete takes an object away.
func (m *Memory) Delete(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
}

// Writes is how often an object was replaced through a handle.
func (m *Memory) Writes(name string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes[name]
}

// Place implements source.Source.
func (m *Memory) Place() string { return "memory://" }

// Probe implements source.Source.
func (m *Memory) Probe(context.Context) error { return nil }

// Close implements source.Source.
func (m *Memory) Close() error { return nil }

// List implements source.Source.
func (m *Memory) List(ctx context.Context, after string, each func(source.Object) error) error {
	m.mu.Lock()
	var all []source.Object
	for name := range m.objects {
		if name > after {
			all = append(all, m.object(name))
		}
	}
	m.mu.Unlock()
	slices.SortFunc(all, func(a, b source.Object) int { return strings.Compare(a.Name, b.Name) })
	for _, o := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}

func (m *Memory) object(name string) source.Object {
	o := m.objects[name]
	return source.Object{Name: name, Size: int64(len(o.content)), Modified: o.modified, Revision: o.revision}
}

// Open implements source.Source.
func (m *Memory) Open(_ context.Context, name string) (source.Handle, error) {
	if m.Before != nil {
		if err := m.Before("read", name); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[name]
	if !ok {
		return nil, source.ErrGone
	}
	return &memoryHandle{m, m.object(name), o.content}, nil
}

type memoryHandle struct {
	of      *Memory
	object  source.Object
	content []byte
}

func (h *memoryHandle) Object() source.Object { return h.object }
func (h *memoryHandle) Close() error          { return nil }

func (h *memoryHandle) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(h.content).ReadAt(p, off)
}

func (h *memoryHandle) Replace(_ context.Context, c source.Content) (source.Written, error) {
	head, err := io.ReadAll(c.Head)
	if err != nil {
		return source.Written{}, err
	}
	if h.of.Before != nil {
		if err := h.of.Before("replace", h.object.Name); err != nil {
			return source.Written{}, err
		}
	}
	next, copied := head, int64(0)
	if c.Keep >= 0 {
		next = append(next, h.content[c.Keep:]...)
		copied = int64(len(h.content)) - c.Keep
	}
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	if h.of.objects[h.object.Name].revision != h.object.Revision {
		return source.Written{}, source.ErrChanged
	}
	h.of.writes[h.object.Name]++
	return source.Written{Revision: h.of.put(h.object.Name, next), Sent: int64(len(head)), Copied: copied}, nil
}
