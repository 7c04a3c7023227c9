package stack

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Dying is an object that waits for deletion in a region that was surveyed.
type Dying struct {
	Gateway  string       `json:"gateway"`
	Kind     string       `json:"kind"`
	ID       string       `json:"id"`
	Addr     addr.Address `json:"-"` // zero when this stack neither declares it nor remembers it
	Address  string       `json:"address,omitempty"`
	DeleteAt time.Time    `json:"delete_at"`
}

// Dying lists what waits for deletion, keys before secrets and the next to go first. p is a plan of what was surveyed,
// which knows what is declared.
func (s *Stack) Dying(p *plan.Plan) []Dying {
	held := map[[3]string]addr.Address{}
	for a, r := range plan.MovedAddresses(s.Config, s.State) {
		held[[3]string{r.Gateway, r.Kind, r.ID}] = a
	}
	for _, c := range p.Changes {
		if c.ID != "" {
			held[[3]string{c.Gateway, c.Kind, c.ID}] = c.Addr
		}
	}
	var out []Dying
	add := func(gateway, kind, id string, at time.Time) {
		d := Dying{Gateway: gateway, Kind: kind, ID: id, DeleteAt: at, Addr: held[[3]string{gateway, kind, id}]}
		if d.Addr.Kind != "" {
			d.Address = d.Addr.String()
		}
		out = append(out, d)
	}
	for name, g := range s.live.Gateways {
		for _, k := range g.Dying {
			add(name, plan.KindKey, k.ID, k.DeleteAt)
		}
		for id, at := range g.Secrets {
			if !at.IsZero() {
				add(name, plan.KindSecret, id, at)
			}
		}
	}
	slices.SortFunc(out, func(a, b Dying) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.DeleteAt.Compare(b.DeleteAt), cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(out, func(a, b Dying) bool {
		return a.Kind == b.Kind && a.ID == b.ID && a.DeleteAt.Equal(b.DeleteAt) && s.samePlace(a, b)
	})
}

// samePlace reports whether two gateways show one account's region: then an object is one, not two.
func (s *Stack) samePlace(a, b Dying) bool {
	x, y := s.live.Gateways[a.Gateway], s.live.Gateways[b.Gateway]
	return x != nil && y != nil && x.AccountID == y.AccountID && a.Kind == plan.KindKey
}

// RescueUnmanaged takes an object that no address has out of its deletion window. It says nothing to the state. After a
// lost answer a reading decides.
func (s *Stack) RescueUnmanaged(ctx context.Context, d Dying) error {
	clients, err := s.connect(ctx)
	if err != nil {
		return err
	}
	m := clients[d.Gateway].Manager
	if m == nil {
		return fmt.Errorf("gateway %q was not read", d.Gateway)
	}
	call, alive := m.CancelKeyDeletion, func() bool {
		k, err := m.DescribeKey(ctx, d.ID)
		return err == nil && k.State == kms.StateEnabled
	}
	if d.Kind == plan.KindSecret {
		call, alive = m.RestoreSecret, func() bool {
			info, err := m.DescribeSecret(ctx, d.ID)
			return err == nil && info.DeleteAt.IsZero()
		}
	}
	if err = call(ctx, d.ID); kms.IsAmbiguous(err) && alive() {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("rescue the %s %s: %w", d.Kind, d.ID, err)
	}
	return nil
}
