package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// Regateway is what giving the objects of one gateway another gateway's name would do.
type Regateway struct {
	From, To string
	Objects  []string // addresses
}

// ElsewhereError says that a gateway leads to another place than where the objects are. Nothing was changed.
type ElsewhereError struct {
	From, To string
	Reason   string // a clause
}

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("the objects of gateway %q are not where gateway %q leads: %s", e.From, e.To, e.Reason)
}

// Regateway finds out what would get another gateway's name, and proves that its block leads to where the objects are.
// Errors: *ElsewhereError.
func (s *Stored) Regateway(ctx context.Context, from, to string) (Regateway, error) {
	var names []string
	for _, g := range s.config.Gateways {
		names = append(names, g.Name)
	}
	if !slices.Contains(names, to) {
		return Regateway{}, hint(fmt.Errorf("the module has no gateway %q%s", to, suggest.Clause(to, names)), fmt.Sprintf("Rename the block first: gateway %q { … }.", to))
	}
	st, _, err := s.Read(ctx)
	if err != nil {
		return Regateway{}, err
	}
	_, changed, err := state.ReplaceGateway(st, from, to)
	if err != nil {
		return Regateway{}, err
	}
	if err := samePlace(ctx, s.gateways, st, from, to); err != nil {
		return Regateway{}, err
	}
	return Regateway{from, to, changed}, nil
}

// ReplaceGateway gives the objects the gateway's name, under the state's lock.
func (s *Stored) ReplaceGateway(ctx context.Context, r Regateway) error {
	return s.Edit(ctx, "state replace-gateway", func(st state.State) (state.State, error) {
		next, changed, err := state.ReplaceGateway(st, r.From, r.To)
		if err == nil && !slices.Equal(changed, r.Objects) {
			err = fmt.Errorf("the state was changed meanwhile: %d objects are on gateway %q now; nothing was changed, say it again", len(changed), r.From)
		}
		return next, err
	})
}

// samePlace asks the gateway's block for what it lists, and holds every object of the state against that: ARNs name the
// region and the account, and a key's id is one of its kind.
func samePlace(ctx context.Context, gateways *Gateways, st state.State, from, to string) error {
	g, err := gateways.get(ctx, to)
	if err != nil {
		return err
	}
	if g.public == nil {
		return hint(fmt.Errorf("gateway %q has no public gateway, and the objects are managed through that", to), "Add `public {}` to the gateway block.")
	}
	listed, err := listAt(ctx, g.public)
	if err != nil {
		return fmt.Errorf("look whether gateway %q leads to where the objects are: %w", to, err)
	}
	for _, why := range differences(st, from, g, listed) {
		if !safety.Off(safety.SamePlace) {
			return &ElsewhereError{from, to, why}
		}
	}
	return nil
}

// differences say how the objects of a gateway are elsewhere than another leads, or that nothing proves the contrary.
func differences(st state.State, from string, g *gateway, listed listing) (found []string) {
	elsewhere := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	proved := false
	for _, r := range st.Resources {
		if r.Gateway != from {
			continue
		}
		arn, _ := r.Attributes["arn"].(string)
		instance, _ := r.Attributes["instance"].(string)
		place := placeOf(arn)
		switch {
		case r.Region != "" && g.region != "" && r.Region != g.region:
			elsewhere("%s is in the region %s, and the block's is %s", r.Address, r.Region, g.region)
		case instance != "" && g.instanceID != "" && strings.HasPrefix(instance, "kst-") && instance != g.instanceID:
			elsewhere("%s is in the instance %s, and the block's is %s", r.Address, instance, g.instanceID)
		case place != "" && listed.place != "" && place != listed.place:
			elsewhere("%s is at %s, and the block leads to %s", r.Address, place, listed.place)
		case r.Kind == plan.KindKey && !listed.keys[r.ID]:
			elsewhere("%s, the key %s, is not among the %d keys there", r.Address, r.ID, len(listed.keys))
		}
		proved = proved || r.Kind == plan.KindKey || place != "" && listed.place != ""
	}
	if !proved {
		elsewhere("nothing that the block lists proves that it is the same account and region")
	}
	return found
}

// listing is what a place lists.
type listing struct {
	place string // acs:kms:REGION:ACCOUNT, as its ARNs begin; "" = it lists nothing
	keys  map[string]bool
}

func listAt(ctx context.Context, m kms.Manager) (listing, error) {
	keys, err := m.ListKeys(ctx, kms.KeyFilter{})
	if err != nil {
		return listing{}, err
	}
	aliases, err := m.ListAliases(ctx)
	if err != nil {
		return listing{}, err
	}
	l := listing{keys: make(map[string]bool, len(keys))}
	for _, k := range keys {
		l.keys[k.ID], l.place = true, placeOf(k.ARN)
	}
	for _, a := range aliases {
		if l.place == "" {
			l.place = placeOf(a.ARN)
		}
	}
	return l, nil
}

// placeOf is the beginning of an ARN that names region and account, or "".
func placeOf(arn string) string {
	parts := strings.SplitN(arn, ":", 5)
	if len(parts) < 5 || parts[0] != "acs" || parts[2] == "" || parts[3] == "" {
		return ""
	}
	return strings.Join(parts[:4], ":")
}
