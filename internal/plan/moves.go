package plan

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
)

// movedBlocks holds moved { from, to } by from: of objects and data blocks, and of modules.
type movedBlocks struct {
	objects map[addr.Address]addr.Address
	modules map[addr.Module]addr.Module
}

func movesOf(cfg *hcl.Config) movedBlocks {
	m := movedBlocks{make(map[addr.Address]addr.Address, len(cfg.Moved)), map[addr.Module]addr.Module{}}
	for _, mv := range cfg.Moved {
		if mv.From.IsModule() {
			m.modules[mv.From.Module] = mv.To.Module
		} else {
			m.objects[mv.From] = mv.To
		}
	}
	return m
}

// target follows chains of moves, of an instance, of its whole block or of a module around it. The
// number of steps is bounded by the number of moves, so that a loop ends.
func (m movedBlocks) target(a addr.Address) (addr.Address, bool) {
	start := a
	for range len(m.objects) + len(m.modules) {
		to, ok := m.step(a)
		if !ok {
			break
		}
		a = to
	}
	return a, a != start
}

// step is one move: the nearest that names the address.
func (m movedBlocks) step(a addr.Address) (addr.Address, bool) {
	if to, ok := m.objects[a]; ok {
		return to, true
	}
	if to, ok := m.objects[a.Block()]; ok {
		if to.Key == "" {
			to.Key = a.Key
		}
		return to, true
	}
	if len(m.modules) == 0 || a.Module == "" {
		return a, false
	}
	steps := a.Module.Steps()
	for i := len(steps) - 1; i >= 0; i-- {
		if to, ok := m.module(steps[i]); ok {
			a.Module = to + a.Module.Below(steps[i])
			return a, true
		}
	}
	return a, false
}

// module is the move of one instance of a module: its own, or that of the module with all its instances.
func (m movedBlocks) module(path addr.Module) (addr.Module, bool) {
	if to, ok := m.modules[path]; ok {
		return to, true
	}
	call, key := path.Call()
	to, ok := m.modules[call]
	if _, toKey := to.Call(); !ok || key == "" || toKey != "" {
		return path, false
	}
	return to + addr.Module(key), true
}

// moved are the addresses that the objects of a state have now, with moved blocks applied, and the address that
// one has under the old block. A zero address is unreadable. An object stays where it is when another has the
// new address: one of the two would be lost from sight.
func movedAddresses(cfg *hcl.Config, s state.State) (now []addr.Address, stays []addr.Address) {
	moves := movesOf(cfg)
	now = make([]addr.Address, len(s.Resources))
	for i := range s.Resources {
		now[i], _ = addr.Parse(s.Resources[i].Address) // who plans reports what is unreadable
	}
	if len(cfg.Moved) == 0 {
		return now, nil
	}
	taken := make(map[addr.Address]bool, len(s.Resources))
	for _, a := range now {
		if to, moved := moves.target(a); !moved {
			taken[to] = true
		}
	}
	for i, a := range now {
		to, moved := moves.target(a)
		switch {
		case !moved:
		case taken[to]:
			stays = append(stays, a)
		default:
			taken[to], now[i] = true, to
		}
	}
	return now, stays
}

// reportStays says which moved blocks were not followed.
func (p *planner) reportStays(stays []addr.Address, moves movedBlocks) {
	for _, a := range stays {
		to, _ := moves.target(a)
		p.stands(a, "A moved block is not followed", fmt.Sprintf("%s would become %s, and another object of the state has that address. To keep both, give this one an address of its own. To give it that address, let the state forget the other, which leaves the object as it is: `kmsplan state rm`.", a, to))
	}
}
