package stack

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
)

// Draw reads the objects of imports that have no block, on the default gateway, and draws the blocks that declare them as
// they are.
func (s *Stack) Draw(ctx context.Context) (blocks []draft.Block, err error) {
	if s.State, err = s.remembered(ctx); err != nil {
		return nil, err
	}
	g, err := s.managingGateway(ctx, "")
	if err != nil {
		return nil, err
	}
	known := s.known(g.block.Name)
	for _, im := range s.Config.Imports {
		if !s.declares(im) {
			known.Set(im.To.Kind, im.ID, im.To)
		}
	}
	for _, im := range s.Config.Imports {
		if s.declares(im) {
			continue
		}
		b, err := drawOne(ctx, g, im, known)
		if err != nil {
			return nil, fmt.Errorf("%s%w", place(im), err)
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

func (s *Stack) declares(im hcl.Import) bool {
	for _, a := range s.Config.Undeclared {
		if a == im.To {
			return false
		}
	}
	return true
}

func drawOne(ctx context.Context, g *gateway, im hcl.Import, known draft.Known) (draft.Block, error) {
	kind := im.To.Kind
	if kind == plan.KindRotation {
		kind = "key or secret"
	}
	o, err := readImported(ctx, g, im)
	switch {
	case err != nil:
		return draft.Block{}, err
	case o == nil:
		return draft.Block{}, hint(fmt.Errorf("%s names %s, and KMS says that there is no such %s on gateway %q", im.To, im.ID, kind, g.block.Name),
			"Correct the id. An object on another gateway needs a block that says gateway = gateway.NAME; write that yourself.")
	case o.ID != im.ID:
		return draft.Block{}, hint(fmt.Errorf("%s names %s, which is a name of %s", im.To, im.ID, o.ID), "Write that id.")
	}
	if im.To.Kind == plan.KindRotation {
		return draft.DrawRotation(im.To, o, known)
	}
	where := draft.Place{Instance: g.instanceID, Account: g.account}
	if where.Account == "" {
		where.Account = resource.AccountOf(o)
	}
	return draft.Draw(im.To, o, where, known)
}

// readImported reads what an import names; of a rotation policy that is one of its keys, or one of its secrets.
func readImported(ctx context.Context, g *gateway, im hcl.Import) (*plan.Object, error) {
	if im.To.Kind != plan.KindRotation {
		return resource.Read(ctx, g.public, im.To.Kind, im.ID)
	}
	key, err := resource.Read(ctx, g.public, plan.KindKey, im.ID)
	if key != nil {
		return key, nil
	}
	if secret, serr := resource.Read(ctx, g.public, plan.KindSecret, im.ID); secret != nil || err == nil {
		return secret, serr
	}
	return nil, err
}

// place is where an import stands, for messages.
func place(im hcl.Import) string {
	if im.Range.Filename == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", im.Range.Filename, im.Range.Start.Line)
}
