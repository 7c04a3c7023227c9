package stack

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
)

// sealed is what of the stack's own is sealed under which key: guards keep these keys.
func (s *Stack) sealed(ctx context.Context) ([]plan.Sealed, error) {
	var all []plan.Sealed
	if e := s.Config.Settings.Encryption; e != nil && e.Enabled && e.Key != "" {
		next := plan.Sealed{What: "the encryption block names it", Gateway: gatewayOf(e)}
		if i := strings.LastIndex(e.Key, "alias/"); i >= 0 {
			next.Alias = e.Key[i:]
			next.Key = s.aliasTarget(next.Gateway, next.Alias)
		} else {
			next.Key = ops.KeyID(e.Key)
		}
		all = append(all, next)
	}
	if scheme := s.State.Scheme; scheme != nil && scheme.KeyID != "" {
		all = append(all, plan.Sealed{What: "the stack's fingerprint key", Key: scheme.KeyID})
	}
	if !s.remote() {
		return all, nil
	}
	kept, err := s.store.History(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking which keys the kept states are sealed under: %w", err)
	}
	serials := map[string][]string{}
	for _, k := range kept {
		if k.Key != "" {
			id := ops.KeyID(k.Key)
			serials[id] = append(serials[id], fmt.Sprint(k.Version.Serial))
		}
	}
	for key, list := range serials {
		slices.Reverse(list)
		all = append(all, plan.Sealed{What: "the states of serial " + strings.Join(list, ", "), Key: key})
	}
	slices.SortFunc(all[len(all)-len(serials):], func(a, b plan.Sealed) int { return cmp.Compare(a.Key, b.Key) })
	return all, nil
}

// underAnother says that the state is sealed under another key than the encryption block names; "" = it is not.
func (s *Stack) underAnother(ctx context.Context) (string, error) {
	e := s.Config.Settings.Encryption
	if !s.remote() || e == nil || !e.Enabled || e.Key == "" {
		return "", nil
	}
	kept, err := s.store.History(ctx)
	if err != nil || len(kept) == 0 || kept[0].Key == "" {
		return "", err
	}
	facts := s.lookUp(ctx, gatewayOf(e), e.Key)
	if !facts.exists || facts.ID == "" || facts.ID == ops.KeyID(kept[0].Key) {
		return "", nil // what cannot be looked up is found out when the state is sealed
	}
	return underOther(kept[0].Key, e.Key, facts.ID), nil
}

// aliasTarget is the key that an alias points to, as far as that was read.
func (s *Stack) aliasTarget(gateway, alias string) string {
	if live := s.live.Gateways[gateway]; live != nil {
		return live.Aliases[alias]
	}
	return ""
}

// remote reports whether the state lies on a server.
func (s *Stack) remote() bool { return backendOf(s.Config, nil).remote() }
