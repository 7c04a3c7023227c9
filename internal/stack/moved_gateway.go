package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// renamed is a state with moved blocks of gateways followed, but those that are known to lead elsewhere. Nothing is
// stored: apply records it.
func (s *Stack) renamed(st state.State) state.State { return renamed(s.Config, st, s.astray) }

func renamed(cfg *hcl.Config, st state.State, astray map[string]plan.Refusal) state.State {
	if len(cfg.MovedGateways) == 0 {
		return st
	}
	st.Resources = slices.Clone(st.Resources)
	for i := range st.Resources {
		if _, elsewhere := astray[st.Resources[i].Gateway]; !elsewhere {
			st.Resources[i].Gateway = cfg.GatewayNow(st.Resources[i].Gateway)
		}
	}
	return st
}

// proveMoved finds the gateways that the stored state has by an earlier name, and proves that each leads to where its
// objects are before anything is concluded from what is there. Those that do not are astray: the plan is refused, and
// rescues on other gateways are carried out.
func (s *Stack) proveMoved(ctx context.Context, stored state.State, open []state.Intent) error {
	s.moved, s.astray = nil, map[string]plan.Refusal{}
	for _, m := range s.Config.MovedGateways {
		to := s.Config.GatewayNow(m.From)
		on, calls := 0, 0
		for _, r := range stored.Resources {
			if r.Gateway == m.From {
				on++
			}
		}
		for _, in := range open {
			if in.Gateway == m.From {
				calls++
			}
		}
		if on+calls == 0 || !s.needed[to] {
			continue
		}
		moved := plan.MovedGateway{From: m.From, To: to, Objects: on}
		var elsewhere *ElsewhereError
		switch err := samePlace(ctx, s.gateways, stored, m.From, to); {
		case errors.As(err, &elsewhere):
			s.astray[m.From] = refusedMove(moved, calls, elsewhere)
		case err != nil:
			return err
		default:
			s.moved = append(s.moved, moved)
		}
	}
	return nil
}

// allKnown refuses what concludes from all that is there, where a gateway is not known to lead to where its objects are.
// Errors: InvalidError with the guard's refusals.
func (s *Stack) allKnown() error {
	if len(s.astray) == 0 {
		return nil
	}
	invalid := &InvalidError{Files: s.Config.Files}
	for _, name := range slices.Sorted(maps.Keys(s.astray)) {
		invalid.Refusals = append(invalid.Refusals, s.astray[name])
	}
	return invalid
}

// remembered is the stored state with moved blocks of gateways followed, for who asks no gateway about its objects.
func (s *Stack) remembered(ctx context.Context) (state.State, error) {
	stored, _, err := readStored(ctx, s.store)
	return s.renamed(stored), err
}

// followTo takes the stored state with the moved blocks followed that lead to a gateway, once that is proved to lead to
// where the objects are: names of aliases and secrets are the same in other accounts. Errors: InvalidError.
func (s *Stack) followTo(ctx context.Context, g *gateway, stored state.State) error {
	s.State, s.needed = stored, map[string]bool{g.block.Name: true}
	if err := s.proveMoved(ctx, stored, nil); err != nil {
		return err
	}
	if err := s.allKnown(); err != nil {
		return err
	}
	s.State = s.renamed(stored)
	return nil
}

func refusedMove(m plan.MovedGateway, calls int, e *ElsewhereError) plan.Refusal {
	var what []string
	if m.Objects > 0 {
		what = append(what, fmt.Sprintf("%d objects", m.Objects))
	}
	if calls > 0 {
		what = append(what, fmt.Sprintf("%d calls of an interrupted run", calls))
	}
	ways := []string{
		fmt.Sprintf("Correct the region, the instance or the credentials of gateway %q, so that it leads to where they are.", m.To),
		fmt.Sprintf("Write gateway %q again as it was, and take out the moved block: what is new is declared on gateway %q, beside it.", m.From, m.To),
	}
	if m.Objects > 0 {
		ways = append(ways, "To let an object go, which leaves it as it is: `kmsplan state rm ADDRESS`; `kmsplan state list` has the addresses.")
	}
	return plan.Refusal{
		Guard:       plan.GuardOtherGateway,
		Reason:      fmt.Sprintf("A moved block says that gateway %q is gateway %q now, and %s that the state has on it are not known to be there: %s. No object moves to another account, region or instance, and it is not looked for there.", m.From, m.To, strings.Join(what, " and "), e.Reason),
		WaysForward: ways,
	}
}

// strayed names the gateways that are astray.
func (s *Stack) strayed() map[string]bool {
	names := make(map[string]bool, len(s.astray))
	for name := range s.astray {
		names[name] = true
	}
	return names
}

// byEarlierNames are gateways, those that moved under their earlier names too: journals of earlier runs have those.
func (s *Stack) byEarlierNames(clients map[string]resource.GatewayClients) map[string]resource.GatewayClients {
	if len(s.moved) == 0 {
		return clients
	}
	out := maps.Clone(clients)
	for _, m := range s.moved {
		if c, open := clients[m.To]; open {
			out[m.From] = c
		}
	}
	return out
}
