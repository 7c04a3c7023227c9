package plan

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// planning is what the planner does its own way for one managed kind; each has a file. What a kind's table
// says is not among it, nor what Decide says.
type planning interface {
	find(*planner, *node) Presence // a live object that state does not know: by our tags, or by its name
	plan(*planner, *node)          // turns the verdict on a declared object into a diff and calls
	delete(*planner, *node)        // the calls of an outright deletion, and why
	targets(*node) []string        // the keys that the change's calls name
}

// planningOf returns a managed kind's planning. Objects of kinds that this version does not know have no
// block, and are held by a guard.
func planningOf(name string) planning {
	switch name {
	case KindAlias:
		return aliasPlanning{}
	case KindRotation:
		return rotationPlanning{}
	case KindSecret:
		return secretPlanning{}
	case KindClientKey:
		return clientKeyPlanning{}
	}
	if named(name) {
		return accessPlanning{}
	}
	return keyPlanning{}
}

// updates lists the calls behind the diff as the kind's table has them, each once, in the table's order. Which of
// the two that change tags are needed is for the tags to say.
func (n *node) updates() []string {
	var calls []string
	for i := range n.block.Kind.Attributes {
		at := &n.block.Kind.Attributes[i]
		switch {
		case slices.Contains(at.ChangedBy, "TagResources"):
			calls = append(calls, n.tagCalls()...)
		case n.change.diffs(at.Name) && !slices.Contains(calls, at.ChangedBy[0]):
			calls = append(calls, at.ChangedBy...)
		}
	}
	return calls
}

// afterCreate adds the calls for what a create call takes no parameter for, where configuration asks for
// something else than a new object has.
func (n *node) afterCreate() {
	for i := range n.block.Kind.Attributes {
		at := &n.block.Kind.Attributes[i]
		d := n.change.attr(at.Name)
		if d == nil || !at.AfterCreate || Same(at, d.After, n.desired(at, cty.NullVal(at.Type))) {
			continue
		}
		n.change.Calls = append(n.change.Calls, at.ChangedBy[0])
	}
}
