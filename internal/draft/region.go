package draft

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Account is what an account has in a region, and whose of it is known.
type Account struct {
	Place
	Keys, Aliases, Secrets []*plan.Object
	Access                 []*plan.Object  // network rules, access policies and access points, each after what it names
	Service, Dying         map[string]bool // ids of keys
	Lineage                string          // of this stack; "" = it has no state yet
	Known                  Known           // what the configuration has already
	Names                  Names           // of its blocks
	// Group says which file an object's block stands in, by the names that it has at the service; nil = all in one.
	Group func(o *plan.Object, names []string) string
	Limit int // the most keys and secrets; 0 = all
}

// Left is an object that is not drawn, and why.
type Left struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Why  string `json:"why"`
}

// Group is what stands in one file.
type Group struct {
	Name   string
	Blocks []Block
}

// Region is the configuration of what an account has in a region.
type Region struct {
	Groups  []Group
	Imports []Block
	Left    []Left
	// Unchosen counts what was filtered out, and Count what is drawn, by kind.
	Unchosen int
	Count    map[string]int
}

// DrawRegion writes the blocks and import blocks of an account: keys under the names of their aliases, with references
// between them, and a rotation policy for the keys, and for the secrets, of a file that rotate alike.
func DrawRegion(a Account) Region {
	r := &region{Account: a, out: Region{Count: map[string]int{}}, groups: map[string]*Group{}, named: map[string][]string{}, rotating: map[rotatingAt][]*plan.Object{}, group: map[string]string{}}
	for _, alias := range a.Aliases {
		r.named[text(alias.Attrs["key"])] = append(r.named[text(alias.Attrs["key"])], alias.ID)
	}
	r.keys()
	r.aliases()
	r.policies(plan.KindKey)
	r.secrets()
	r.policies(plan.KindSecret)
	r.access()
	for _, name := range sortedKeys(r.groups) {
		r.out.Groups = append(r.out.Groups, *r.groups[name])
	}
	return r.out
}

// region is an account while it is drawn.
type region struct {
	Account
	out      Region
	groups   map[string]*Group
	named    map[string][]string // the aliases of keys
	group    map[string]string   // of keys that are drawn
	rotating map[rotatingAt][]*plan.Object
	drawn    int
}

// name is what an object is called: by its shortest alias, or by the end of its id.
func (r *region) name(o *plan.Object) string {
	names := r.named[o.ID]
	if len(names) == 0 {
		return "key_" + o.ID[max(0, len(o.ID)-8):]
	}
	best := slices.MinFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return strings.TrimPrefix(best, "alias/")
}

func (r *region) keys() {
	slices.SortFunc(r.Keys, func(a, b *plan.Object) int {
		return cmp.Or(strings.Compare(r.name(a), r.name(b)), strings.Compare(a.ID, b.ID))
	})
	for _, o := range r.Keys {
		if r.leaves(o) {
			continue
		}
		a := r.Names.Name(plan.KindKey, r.name(o))
		group := r.groupOf(o, r.named[o.ID])
		if !r.add(group, a, o) {
			continue
		}
		r.Known.Set(plan.KindKey, o.ID, a)
		r.group[o.ID] = group
		r.rotates(group, o)
	}
}

// leaves reports whether a key or secret is not drawn.
func (r *region) leaves(o *plan.Object) bool {
	lineage := o.Tags[plan.TagOwner]
	switch held, managed := r.Known[o.Kind][o.ID]; {
	case managed:
		r.leave(o, fmt.Sprintf("it is managed already, as %s", held))
	case r.Service[o.ID]:
		r.leave(o, "a cloud service made it for itself")
	case o.Dying() || r.Dying[o.ID]:
		r.leave(o, "it waits for its deletion, and an import would rescue it; if that is wanted, declare and import it by itself")
	case lineage != "" && lineage != r.Lineage && !safety.Off(safety.DiscoverOwn):
		r.leave(o, fmt.Sprintf("it carries the tags of another stack: lineage %s, address %s", lineage, plan.TaggedAddress(o.Tags[plan.TagAddress])))
	case o.Attrs == nil:
		r.out.Unchosen++
	case r.Limit > 0 && r.drawn >= r.Limit:
		r.leave(o, "the limit is reached")
	default:
		r.drawn++
		return false
	}
	return true
}

func (r *region) leave(o *plan.Object, why string) {
	r.out.Left = append(r.out.Left, Left{o.Kind, o.ID, why})
}

func (r *region) groupOf(o *plan.Object, names []string) string {
	if r.Group == nil {
		return ""
	}
	return r.Group(o, names)
}

// add draws an object into a group; false when it cannot be declared.
func (r *region) add(group string, a addr.Address, o *plan.Object) bool {
	b, err := Draw(a, o, r.Place, r.Known)
	var imported Block
	if err == nil {
		imported, err = ImportBlock(a, o.ID)
	}
	if err != nil {
		r.leave(o, err.Error())
		return false
	}
	r.put(group, b)
	r.out.Imports = append(r.out.Imports, imported)
	return true
}

func (r *region) put(group string, b Block) {
	if r.groups[group] == nil {
		r.groups[group] = &Group{Name: group}
	}
	r.groups[group].Blocks = append(r.groups[group].Blocks, b)
	r.out.Count[b.Type]++
}

// aliases draws the aliases of keys that are drawn or managed; those of others go with their keys.
func (r *region) aliases() {
	slices.SortFunc(r.Aliases, func(a, b *plan.Object) int { return strings.Compare(a.ID, b.ID) })
	for _, o := range r.Aliases {
		key := text(o.Attrs["key"])
		if _, managed := r.Known[plan.KindAlias][o.ID]; managed {
			continue
		}
		if _, drawn := r.Known[plan.KindKey][key]; !drawn {
			continue
		}
		r.add(r.group[key], r.Names.Name(plan.KindAlias, strings.TrimPrefix(o.ID, "alias/")), o)
	}
}

func (r *region) secrets() {
	slices.SortFunc(r.Secrets, func(a, b *plan.Object) int { return strings.Compare(a.ID, b.ID) })
	for _, o := range r.Secrets {
		if r.leaves(o) {
			continue
		}
		a, group := r.Names.Name(plan.KindSecret, o.ID), r.groupOf(o, []string{o.ID})
		if r.add(group, a, o) {
			r.Known.Set(plan.KindSecret, o.ID, a)
			r.rotates(group, o)
		}
	}
}

func (r *region) access() {
	for _, o := range r.Access {
		if r.leaves(o) {
			continue
		}
		a := r.Names.Name(o.Kind, o.ID)
		if r.add(r.groupOf(o, []string{o.ID}), a, o) {
			r.Known.Set(o.Kind, o.ID, a)
		}
	}
}
