package hcl

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
)

// index makes the lookups below cheap; the lists are complete.
func (c *Config) index() {
	c.removedBy, c.importedBy = map[addr.Address]*Removed{}, map[addr.Address]*Import{}
	for i := range c.Removed {
		c.removedBy[c.Removed[i].From] = &c.Removed[i]
	}
	for i := range c.Imports {
		c.importedBy[c.Imports[i].To] = &c.Imports[i]
	}
}

// Block returns the block that the address, with or without an instance key, belongs
// to, or nil.
func (c *Config) Block(a addr.Address) *Block {
	return c.byAddr[a.Block()]
}

// Declares reports whether the configuration holds this instance.
func (c *Config) Declares(a addr.Address) bool {
	b := c.module.all[a.Block()]
	return b != nil && b.byKey[a.Key] != nil
}

// Writes reports whether the address's block writes the attribute.
func (c *Config) Writes(a addr.Address, attr string) bool {
	b := c.module.all[a.Block()]
	return b != nil && slices.ContainsFunc(b.attrs, func(w argument) bool { return w.decl.Name == attr })
}

// Nests reports whether the address's block may hold the nested block: it is written, or dynamic.
func (c *Config) Nests(a addr.Address, name string) bool {
	b := c.module.all[a.Block()]
	return b != nil && (b.dynamics || slices.ContainsFunc(b.nested, func(n nested) bool { return n.decl.Name == name }))
}

// GatewayOf is the gateway of the address's block: the one it names, or the default. It is nil
// for a block that does not exist and in a module without gateways.
func (c *Config) GatewayOf(a addr.Address) *Gateway {
	if b := c.Block(a); b != nil {
		return b.Gateway
	}
	return nil
}

// GatewayName is the name of the block's gateway; "" in a module without gateways.
func (b *Block) GatewayName() string {
	if b.Gateway == nil {
		return ""
	}
	return b.Gateway.Name
}

// Protects reports whether the address's block guards its object against vanishing: what
// prevent_destroy says, or else what its kind does. A block that does not exist guards nothing.
func (c *Config) Protects(a addr.Address) bool {
	b := c.Block(a)
	switch {
	case b == nil:
		return false
	case b.Lifecycle.PreventDestroy != nil:
		return *b.Lifecycle.PreventDestroy
	}
	return b.Kind.Protected
}

// RemovedFor is the removed block for an instance: its own, its block's or one for a module around it; or nil.
func (c *Config) RemovedFor(a addr.Address) *Removed {
	if r := c.removedBy[a]; r != nil {
		return r
	}
	if r := c.removedBy[a.Block()]; r != nil || a.Module == "" {
		return r
	}
	for _, m := range slices.Backward(a.Module.Steps()) {
		call, _ := m.Call()
		for _, path := range []addr.Module{m, call} {
			if r := c.removedBy[addr.Address{Module: path}]; r != nil {
				return r
			}
		}
	}
	return nil
}

// ImportOf is the import block for an instance; the zero value where there is none.
func (c *Config) ImportOf(a addr.Address) (im Import, imported bool) {
	if im := c.importedBy[a]; im != nil {
		return *im, true
	}
	return Import{}, false
}
