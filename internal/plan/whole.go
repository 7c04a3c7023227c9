package plan

import "github.com/zclconf/go-cty/cty"

// Whole is an object as it is and as it will be, with every attribute, the unchanged ones too: for readers of a
// plan who have nothing else. Nothing is decided by it.
type Whole struct {
	Before    map[string]cty.Value // as it lives; nil where it does not
	After     cty.Value            // an object, parts of it unknown; NilVal where kmsplan will not hold one
	WriteOnly []string             // the attributes whose values are in neither
}

// whole fills in what is known once an object's change is decided.
func (n *node) whole() {
	if n.object != nil {
		n.change.Before = n.object.Attrs
	}
}

// writeOnlyNames are the write-only attributes that the object's block sets.
func (n *node) writeOnlyNames() (names []string) {
	for i := range n.block.Kind.Attributes {
		if at := &n.block.Kind.Attributes[i]; at.WriteOnly {
			if _, set := n.body.Attrs[at.Name]; set {
				names = append(names, at.Name)
			}
		}
	}
	return names
}
