package hcl

import (
	"cmp"
	"path"
)

// Elsewhere reports whether two gateways certainly lead to different places. Two gateway
// blocks may share an account and region, one for management and one for key operations.
func (g *Gateway) Elsewhere(other *Gateway) bool {
	if g == nil || other == nil || g == other {
		return false
	}
	if g.emulated() != other.emulated() {
		return true
	}
	here, there := g.region(), other.region()
	return here != "" && there != "" && here != there
}

// place is the same text for gateways that certainly lead to one account and region: two of the service may have two
// accounts.
func (g *Gateway) place() string {
	if g.Emulator == nil {
		return g.Name
	}
	return g.emulated() + " " + g.region()
}

// EmulatorRegion is the region of an emulator that is told none.
const EmulatorRegion = "cn-hangzhou"

// region is "" where only the ready file of a running emulator tells it.
func (g *Gateway) region() string {
	if g.Region == "" && g.Emulator != nil && g.Emulator.ReadyFile == "" {
		return EmulatorRegion
	}
	return g.Region
}

// emulated tells one emulator from another; "" is the service.
func (g *Gateway) emulated() string {
	switch e := g.Emulator; {
	case e == nil:
		return ""
	case e.ReadyFile != "":
		return "ready file " + path.Clean(e.ReadyFile)
	default:
		return "path " + path.Clean(cmp.Or(e.Path, defaultEmulatorPath))
	}
}
