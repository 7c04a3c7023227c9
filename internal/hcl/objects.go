package hcl

import (
	"sync"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// ObjectMap is an Objects and GatewayObjects that is filled while a plan is made or
// applied. It is safe for concurrent use. Beside the objects it keeps collections
// such as all instances of key.orders, so that ten thousand references to them cost
// one construction and not ten thousand; other Objects work too, without that.
type ObjectMap struct {
	rest     func(addr.Address) (cty.Value, bool) // objects that were not set, made when they are asked for; nil = none
	mu       sync.RWMutex
	objects  map[addr.Address]cty.Value
	gateways map[string]cty.Value
	versions map[addr.Address]uint64 // by block: how often one of its objects was set
	gateway  uint64                  // how often a gateway was set
	memo     map[string]memoized
}

type memoized struct {
	stamp uint64
	value cty.Value
}

// NewObjectMap returns an empty map.
func NewObjectMap() *ObjectMap {
	return &ObjectMap{
		objects:  map[addr.Address]cty.Value{},
		gateways: map[string]cty.Value{},
		versions: map[addr.Address]uint64{},
		memo:     map[string]memoized{},
	}
}

// NewObjectMapOver returns a map over objects that stand as they are until one is set: most of a large stack nothing refers
// to, and building each object's value takes longer than finding out that nobody asks. rest must always give the same answer,
// and be safe for concurrent use.
func NewObjectMapOver(rest func(addr.Address) (cty.Value, bool)) *ObjectMap {
	m := NewObjectMap()
	m.rest = rest
	return m
}

// Set makes an instance's object known: a value of its kind's ObjectType, whose
// attributes may be unknown.
func (m *ObjectMap) Set(a addr.Address, object cty.Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[a] = object
	m.versions[a.Block()]++
}

// SetGateway makes a running gateway known: a value of GatewayType.
func (m *ObjectMap) SetGateway(name string, object cty.Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gateways[name] = object
	m.gateway++
}

// Object implements Objects.
func (m *ObjectMap) Object(a addr.Address) (cty.Value, bool) {
	m.mu.RLock()
	v, ok := m.objects[a]
	m.mu.RUnlock()
	if ok || m.rest == nil {
		return v, ok
	}
	return m.keep(a)
}

// keep makes an object of the rest, once, unless it was set meanwhile.
func (m *ObjectMap) keep(a addr.Address) (cty.Value, bool) {
	made, ok := m.rest(a)
	if !ok {
		return cty.NilVal, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, set := m.objects[a]; set {
		return v, true
	}
	m.objects[a] = made
	return made, true
}

// GatewayObject implements GatewayObjects.
func (m *ObjectMap) GatewayObject(name string) (cty.Value, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.gateways[name]
	return v, ok
}

// remember returns the value kept under name, or builds it anew when an object of
// the blocks or a gateway was set since. The counts only grow, so their sum tells.
func (m *ObjectMap) remember(name string, blocks []addr.Address, build func() cty.Value) cty.Value {
	stamp, kept, ok := m.recall(name, blocks)
	if ok && kept.stamp == stamp {
		return kept.value
	}
	value := build()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.memo[name] = memoized{stamp, value}
	return value
}

func (m *ObjectMap) recall(name string, blocks []addr.Address) (uint64, memoized, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	stamp := m.gateway
	for _, b := range blocks {
		stamp += m.versions[b]
	}
	kept, ok := m.memo[name]
	return stamp, kept, ok
}
