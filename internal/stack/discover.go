package stack

import (
	"context"
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
)

// Discovering is what of a region is drawn.
type Discovering struct {
	Gateway  string // "" = the default, or with Region the one of that region
	Region   string
	Policies bool // the policies of keys and secrets in instances, a call each
	Access   bool // network rules, access policies and access points
	Filter   draft.Filter
	Group    func(o *plan.Object, names []string) string
	Limit    int
}

// Discovered is the configuration of a region.
type Discovered struct {
	draft.Region
	// Missing is a gateway block that the module has not, for the region that was asked for.
	Missing *draft.Block
}

// Discover reads a whole region of an account and draws the configuration that takes it up. No secret's value is read, and
// nothing is changed.
func (s *Stack) Discover(ctx context.Context, what Discovering) (Discovered, error) {
	stored, _, err := readStored(ctx, s.store)
	if err != nil {
		return Discovered{}, err
	}
	out := Discovered{}
	if out.Missing, err = s.regionGateway(&what); err != nil {
		return out, err
	}
	g, err := s.managingGateway(ctx, what.Gateway)
	if err != nil {
		return out, err
	}
	if err := s.followTo(ctx, g, stored); err != nil {
		return out, err
	}
	region, err := resource.Browse(ctx, g.public, resource.Browsing{
		Policies: what.Policies, NoAccess: !what.Access,
		Access: func(name string) bool { return what.Filter.Chooses([]string{name}, nil) },
		Key: func(id string, names []string, tags map[string]string) bool {
			return what.Filter.Chooses(append(names[:len(names):len(names)], id), tags)
		},
		Secret: func(name string, tags map[string]string) bool { return what.Filter.Chooses([]string{name}, tags) },
	})
	if err != nil {
		return out, fmt.Errorf("read gateway %q: %w", g.block.Name, err)
	}
	out.Region = draft.DrawRegion(draft.Account{
		Place: s.placeOf(g, region.Account), Keys: region.Keys, Aliases: region.Aliases, Secrets: region.Secrets, Access: region.Access, Service: region.Service, Dying: region.Dying,
		Lineage: s.State.Lineage, Known: s.known(g.block.Name), Names: s.names(), Group: what.Group, Limit: what.Limit,
	})
	return out, nil
}

// regionGateway finds the gateway of a region that was asked for; where the module has none, it makes one with the
// credentials of the chain.
func (s *Stack) regionGateway(what *Discovering) (*draft.Block, error) {
	if what.Region == "" {
		return nil, nil
	}
	for _, b := range s.Config.Gateways {
		if b.Region == what.Region && (what.Gateway == "" || what.Gateway == b.Name) {
			what.Gateway = b.Name
			return nil, nil
		}
	}
	if what.Gateway != "" {
		return nil, hint(fmt.Errorf("gateway %q is not in %s", what.Gateway, what.Region), "Leave out -gateway or -region.")
	}
	region, err := draft.Text(what.Region)
	if err != nil {
		return nil, fmt.Errorf("-region: %w", err)
	}
	what.Gateway = draft.Identifier(what.Region)
	s.Config.Gateways = append(slices.Clip(s.Config.Gateways), &hcl.Gateway{Name: what.Gateway, Region: what.Region, Public: &hcl.PublicGateway{}})
	b := &draft.Block{Type: "gateway", Labels: []string{what.Gateway}, Blocks: []draft.Block{{Type: "public"}}}
	b.Set("region", region)
	return b, nil
}

// managingGateway opens a gateway that manages objects.
func (s *Stack) managingGateway(ctx context.Context, name string) (*gateway, error) {
	g, err := s.gateways.get(ctx, name)
	if err != nil {
		return nil, err
	}
	if g.public == nil {
		return nil, hint(fmt.Errorf("gateway %q has no public gateway, and keys and secrets are listed through that", g.block.Name),
			"Add `public {}` to the gateway block, or name another with -gateway.")
	}
	return g, nil
}

// placeOf is where what is drawn lives; the default gateway goes without saying.
func (s *Stack) placeOf(g *gateway, account string) draft.Place {
	where := draft.Place{Gateway: g.block.Name, Instance: g.instanceID, Account: account}
	if s.Config.Gateways[0].Name == g.block.Name {
		where.Gateway = ""
	}
	return where
}

// known are the objects of a gateway that the state or an import block has an address for.
func (s *Stack) known(gateway string) draft.Known {
	known := draft.Known{}
	for _, im := range s.Config.Imports {
		if b := s.Config.Block(im.To); b != nil && b.GatewayName() == gateway {
			known.Set(im.To.Kind, im.ID, im.To)
		}
	}
	for a, r := range plan.MovedAddresses(s.Config, s.State) {
		if r.Gateway == gateway {
			known.Set(r.Kind, r.ID, a)
			for _, was := range r.Predecessors {
				known.Set(r.Kind, was.ID, addr.Predecessor(a, was.ID))
			}
		}
	}
	return known
}

// names are those of the root module's blocks.
func (s *Stack) names() draft.Names {
	names := draft.Names{}
	for _, b := range s.Config.Blocks {
		names[b.Addr] = true
	}
	for _, r := range s.State.Resources {
		if a, err := addr.Parse(r.Address); err == nil {
			names[a.Block()] = true
		}
	}
	return names
}
