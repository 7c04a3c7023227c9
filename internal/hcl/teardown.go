package hcl

import "kmsplan.dev/kmsplan/internal/addr"

// TearDown is the action of an object that goes at once, on an emulator: there is nothing to soak for. No removed
// block can say it.
const TearDown = "tear down"

// Destroying is the configuration without its managed blocks, data blocks and outputs, with what becomes of the objects
// in place of their blocks. What the configuration's own removed blocks say comes first.
func (c *Config) Destroying(removed []Removed) *Config {
	gone := *c
	gone.Blocks, gone.Batches, gone.Outputs, gone.Imports, gone.byAddr = nil, nil, nil, nil, map[addr.Address]*Block{}
	gone.Removed = append([]Removed(nil), c.Removed...)
	for _, r := range removed {
		if c.RemovedFor(r.From) == nil {
			gone.Removed = append(gone.Removed, r)
		}
	}
	gone.Destroys = true
	gone.index()
	return &gone
}
