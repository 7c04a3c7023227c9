package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// renamed is a state with moved blocks of gateways followed. Nothing is stored: apply records it.
func (s *Stack) renamed(st state.State) state.State {
	if len(s.Config.MovedGateways) == 0 {
		return st
	}
	st.Resources = slices.Clone(st.Resources)
	for i := range st.Resources {
		st.Resources[i].Gateway = s.Config.GatewayNow(st.Resources[i].Gateway)
	}
	return st
}

// proveMoved finds the gateways that the stored state has by an earlier name, and proves that each leads to where its
// objects are before anything is concluded from what is there. Errors: InvalidError with the guard's refusals.
func (s *Stack) proveMoved(ctx context.Context, stored state.State, open []state.Intent) error {
	s.moved = nil
	var refusals []plan.Refusal
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
			refusals = append(refusals, refusedMove(moved, calls, elsewhere))
		case err != nil:
			return err
		default:
			s.moved = append(s.moved, moved)
		}
	}
	if len(refusals) > 0 {
		return &InvalidError{Refusals: refusals, Files: s.Config.Files}
	}
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
