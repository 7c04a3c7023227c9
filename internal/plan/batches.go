package plan

import (
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
)

// MovedBatches is what batches left behind, with moved blocks applied.
func MovedBatches(cfg *hcl.Config, batches []state.Evidence) []state.Evidence {
	if len(cfg.Moved) == 0 || len(batches) == 0 {
		return batches
	}
	moves, out := movesOf(cfg), slices.Clone(batches)
	for i := range out {
		if a, err := addr.Parse(out[i].Address); err == nil {
			to, _ := moves.target(a)
			out[i].Address = to.String()
		}
	}
	return out
}

// batchUsers names the batches whose objects are under a key, or may be.
func (p *planner) batchUsers(add func(gateway, key, user, kind string)) {
	for name, g := range p.in.Live.Gateways {
		if len(p.in.State.Batches) == 0 {
			return
		}
		for _, key := range p.batchKeys(g) {
			for _, h := range p.heldByBatches(name, key) {
				add(name, key, h.Evidence.Address+" ("+HoldWords(h)+")", usedByBatch)
			}
		}
	}
}

// batchKeys are the keys of a gateway that a batch may say something of.
func (p *planner) batchKeys(g *LiveGateway) []string {
	keys := keysOf(g.Objects[KindKey]) // for what nobody read
	for _, e := range p.in.State.Batches {
		for _, u := range slices.Concat(e.Before, e.Under) {
			keys = append(keys, u.KeyID)
		}
	}
	return sortedOnce(keys)
}

// heldByBatches are the batches that say something of a key.
func (p *planner) heldByBatches(gateway, key string) []state.Hold {
	st := state.State{Batches: MovedBatches(p.in.Config, p.in.State.Batches)}
	near := func(other string) bool { return !p.gateways[gateway].Elsewhere(p.gateways[other]) }
	return st.HoldsOn(near, key, "")
}

// HoldWords say what a batch's objects have to do with a key: "1,234 objects of s3://archive/ under version v1".
func HoldWords(h state.Hold) string {
	e := h.Evidence
	switch {
	case h.Unread:
		return fmt.Sprintf("%d objects of %s whose headers were not read: they may be under it", e.Unread, e.Source)
	case h.Was:
		return fmt.Sprintf("%d objects of %s were under it, version %s, and that none is any more is not proved", h.Objects, e.Source, h.Versions)
	}
	return fmt.Sprintf("%d %s of %s under it, version %s", h.Objects, plural(int(h.Objects), "object", "objects"), e.Source, h.Versions)
}

// waysOfBatches say how the objects of batches let go of a key, one command a batch.
func (p *planner) waysOfBatches(n *node) (ways []string) {
	for _, h := range p.heldByBatches(n.gateway, n.change.ID) {
		e, way := h.Evidence, ""
		a, err := addr.Parse(e.Address)
		switch {
		case err != nil || !p.in.Config.Declares(a):
			way = fmt.Sprintf("declare %s again and prove that its objects are under another key, or have the state forget it, if the objects are gone: `kmsplan state rm %s`", e.Address, shellWord(e.Address))
		case (h.Was || h.Unread) && e.Status == state.EvidenceDone:
			way = fmt.Sprintf("have every wrap of %s opened: `kmsplan batch verify %s`", e.Source, shellWord(e.Address))
		default:
			way = fmt.Sprintf("bring the objects of %s under another key, and have every wrap opened by verify = \"all\": `kmsplan batch start %s`", e.Source, shellWord(e.Address))
		}
		ways = append(ways, way)
	}
	return ways
}
