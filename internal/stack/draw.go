package stack

import (
	"context"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
)

// found is the object of an import that has no block, and the gateway on which it is.
type found struct {
	hcl.Import
	on     *gateway
	object *plan.Object
}

// Draw reads the objects of imports that have no block and draws the blocks that declare them as they are. An object that
// is not on the default gateway is looked for on all others.
func (s *Stack) Draw(ctx context.Context) (blocks []draft.Block, err error) {
	if s.State, err = s.remembered(ctx); err != nil {
		return nil, err
	}
	known := map[string]draft.Known{} // by gateway: an object refers to those of its own
	var all []found
	for _, im := range s.Config.Imports {
		if s.declares(im) {
			continue
		}
		f, err := s.find(ctx, im)
		if err != nil {
			return nil, fmt.Errorf("%s%w", place(im), err)
		}
		on := f.on.block.Name
		if known[on] == nil {
			known[on] = s.known(on)
		}
		known[on].Set(im.To.Kind, im.ID, im.To)
		all = append(all, f)
	}
	for _, f := range all {
		b, err := s.drawOne(f, known[f.on.block.Name])
		if err != nil {
			return nil, fmt.Errorf("%s%w", place(f.Import), err)
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

// find reads the object of an import: from the default gateway, or from the one other that has it.
func (s *Stack) find(ctx context.Context, im hcl.Import) (found, error) {
	kind := im.To.Kind
	if kind == plan.KindRotation {
		kind = "key or secret"
	}
	var all []found
	var names []string
	for i, block := range s.Config.Gateways {
		if i > 0 && block.Public == nil && block.Emulator == nil {
			continue // it manages nothing
		}
		g, err := s.managingGateway(ctx, block.Name)
		if err != nil {
			return found{}, err
		}
		o, err := readImported(ctx, g, im)
		if err != nil {
			return found{}, fmt.Errorf("on gateway %q: %w", block.Name, err)
		}
		names = append(names, fmt.Sprintf("%q", block.Name))
		if o == nil {
			continue
		}
		if all = append(all, found{im, g, o}); i == 0 {
			break
		}
	}
	switch {
	case len(all) == 0:
		return found{}, hint(fmt.Errorf("%s names %s, and KMS says that there is no such %s on gateway %s", im.To, im.ID, kind, strings.Join(names, ", ")),
			"Correct the id, or add the gateway of the account and region that it is in.")
	case len(all) > 1:
		return found{}, hint(fmt.Errorf("%s names %s, and there is one on gateway %q and one on gateway %q", im.To, im.ID, all[0].on.block.Name, all[1].on.block.Name),
			fmt.Sprintf("Write its block with the gateway that you mean: %s %q { gateway = gateway.%s … }.", im.To.Kind, im.To.Name, all[0].on.block.Name))
	case all[0].object.ID != im.ID:
		return found{}, hint(fmt.Errorf("%s names %s, which is a name of %s", im.To, im.ID, all[0].object.ID), "Write that id.")
	}
	return all[0], nil
}

func (s *Stack) drawOne(f found, known draft.Known) (draft.Block, error) {
	where := s.placeOf(f.on, f.on.account)
	if f.To.Kind == plan.KindRotation {
		return draft.DrawRotation(f.To, where.Gateway, f.object, known)
	}
	if where.Account == "" {
		where.Account = resource.AccountOf(f.object)
	}
	return draft.Draw(f.To, f.object, where, known)
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
