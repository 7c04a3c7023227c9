package state

import (
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
)

// SucceededBy is the successor's entry: it has what the resource succeeded, and the resource itself, among its
// predecessors. One that is there already stays as it is.
func (r Resource) SucceededBy(next Resource, at time.Time) Resource {
	next.Predecessors = slices.Clone(r.Predecessors)
	if i := next.predecessor(r.ID); i < 0 {
		arn, _ := r.Attributes["arn"].(string)
		next.Predecessors = append(next.Predecessors, Predecessor{ID: r.ID, ARN: arn, Since: at.UTC()})
	}
	return next
}

func (r Resource) predecessor(id string) int {
	return slices.IndexFunc(r.Predecessors, func(p Predecessor) bool { return p.ID == id })
}

// Predecessor is one of the resource's predecessors as a resource of its own, under its own address; nil when there is
// none of that id. What is done about it is recorded with WithPredecessor.
func (r Resource) Predecessor(id string) *Resource {
	i := r.predecessor(id)
	a, err := addr.Parse(r.Address)
	if i < 0 || err != nil {
		return nil
	}
	p := r.Predecessors[i]
	out := Resource{
		Address: addr.Predecessor(a, id).String(), Kind: r.Kind, Gateway: r.Gateway, Region: r.Region, ID: id,
		Attributes: map[string]any{}, Protected: true, Retire: p.Retire, RetiredAt: p.RetiredAt,
	}
	if p.ARN != "" {
		out.Attributes["arn"] = p.ARN
	}
	return &out
}

// WithPredecessor is the resource with what became of one of its predecessors; nil: of that id there is none any more.
func (r Resource) WithPredecessor(id string, now *Resource) Resource {
	i := r.predecessor(id)
	if i < 0 {
		return r
	}
	r.Predecessors = slices.Clone(r.Predecessors)
	if now == nil {
		r.Predecessors = slices.Delete(r.Predecessors, i, i+1)
		return r
	}
	r.Predecessors[i].Retire, r.Predecessors[i].RetiredAt = now.Retire, now.RetiredAt
	return r
}

// Needs is what a state knows to need a key.
type Needs struct {
	Files            []File
	Secrets, Aliases []string // addresses with names
}

// None reports whether nothing does.
func (n Needs) None() bool { return len(n.Files)+len(n.Secrets)+len(n.Aliases) == 0 }

// NeedsOf lists what needs a key of a gateway; of files nobody records the gateway.
func NeedsOf(st State, gateway, key string) (n Needs) {
	for _, r := range st.Resources {
		named := ""
		switch r.Kind {
		case "alias":
			named, _ = r.Attributes["key"].(string)
		case "secret":
			named, _ = r.Attributes["encryption_key"].(string)
		}
		switch {
		case named != key || r.Gateway != gateway:
		case r.Kind == "alias":
			n.Aliases = append(n.Aliases, r.Address+" ("+r.ID+")")
		default:
			n.Secrets = append(n.Secrets, r.Address+" ("+r.ID+")")
		}
	}
	for _, f := range st.Files {
		if f.KeyID == key {
			n.Files = append(n.Files, f)
		}
	}
	return n
}
