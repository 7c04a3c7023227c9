package resource

import (
	"cmp"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/plan"
)

// owner is the owner tag to search for: ours, or any when something declared is
// not in state and may belong to somebody.
func (r *regionReader) owner() string {
	if r.wish.search {
		return "" // every value (kms.TagQuery)
	}
	return r.lineage
}

// whole reports whether the rows of a search by owner are all tags of their
// object. The documentation leaves open whether such a search answers with the tags it searched for
// only; kmsplan's own always stand together, so that an object with one of them alone is asked for
// its tags again.
func whole(tags map[string]string) bool {
	return tags[plan.TagAddress] != "" && tags[plan.TagIntent] != ""
}

// claim lists what carries kmsplan's tags, and wishes for what is ours, known to state or not,
// and for what others hold under an address that is declared here and not in state.
func (r *regionReader) claim() {
	for id, tags := range r.tags {
		if c, ok := claimOf(plan.KindKey, id, tags); ok {
			r.claims = append(r.claims, c)
			r.wish.keys[id] = r.wish.keys[id] || r.concerns(c)
		}
	}
	for _, s := range r.names {
		if c, ok := claimOf(plan.KindSecret, s.Name, s.Tags); ok {
			r.claims = append(r.claims, c)
			r.wish.secrets[s.Name] = r.wish.secrets[s.Name] || r.concerns(c)
		}
	}
	slices.SortFunc(r.claims, func(a, b plan.Claim) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	maps.DeleteFunc(r.wish.keys, unwanted)
	maps.DeleteFunc(r.wish.secrets, unwanted)
}

func unwanted(_ string, wanted bool) bool { return !wanted }

func claimOf(kind, id string, tags map[string]string) (plan.Claim, bool) {
	c := plan.Claim{Kind: kind, ID: id, Owner: tags[plan.TagOwner], Address: tags[plan.TagAddress], Intent: tags[plan.TagIntent]}
	return c, c.Owner != ""
}

// concerns reports whether an object has to be read because of whose it is.
func (r *regionReader) concerns(c plan.Claim) bool {
	return c.Owner == r.lineage || r.wish.vacant[plan.OwnedBy(c.Kind, c.Address)]
}
