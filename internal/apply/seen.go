package apply

import (
	"maps"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// seen records what a change showed of another managed object: a rotation policy changes what the service
// says of its keys. An object that this stack does not manage is not recorded.
func (x *executor) seen(gateway string, o *plan.Object) error {
	r := x.holder(gateway, o)
	if r == nil {
		return nil
	}
	a, err := addr.Parse(r.Address)
	if err != nil {
		return err
	}
	kept := *r
	kept.Attributes = make(map[string]any, len(r.Attributes)) // a state by hand may have none
	maps.Copy(kept.Attributes, r.Attributes)
	if k := kind.Lookup(o.Kind, false); k != nil {
		for _, at := range k.Attributes {
			if v, read := o.Attrs[at.Name]; read {
				kept.Attributes[at.Name] = plan.ToState(v)
			}
		}
	}
	if err := x.journal.Append(state.Record(kept)); err != nil {
		return err
	}
	x.keep(a, &kept)
	return nil
}

// objectID is a live object of one gateway.
type objectID struct{ gateway, kind, id string }

func idOfResource(r *state.Resource) objectID { return objectID{r.Gateway, r.Kind, r.ID} }

func (x *executor) holder(gateway string, o *plan.Object) *state.Resource {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.prior[x.byID[objectID{gateway, o.Kind, o.ID}]]
	if r == nil || r.ID != o.ID {
		return nil
	}
	return r
}
