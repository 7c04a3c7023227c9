package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
)

// ValueFrom is the attribute of a secret in state that tells which versions of other secrets its value was made of.
const ValueFrom = "value_from"

// Handed is what references to a lookup see. Of an ephemeral block, what is only handed on is not known until it was
// opened, and is marked with where it comes from.
func Handed(block *hcl.Block, a addr.Address, v cty.Value, opened bool) cty.Value {
	if !block.Kind.Ephemeral {
		return v
	}
	values := v.AsValueMap()
	from := hcl.Source{Addr: a}
	if name, version := text(values["name"]), text(values["current_version"]); name != "" && version != "" {
		from.Version = fmt.Sprintf("%s/%s@%s", block.GatewayName(), name, version)
	}
	for i := range block.Kind.Attributes {
		at := &block.Kind.Attributes[i]
		switch {
		case !at.Opened:
			continue
		case !opened:
			values[at.Name] = cty.UnknownVal(at.Type)
		}
		values[at.Name] = hcl.Handed(values[at.Name]).Mark(from)
	}
	return cty.ObjectVal(values)
}

// withoutOpened is what a plan has of a lookup: nothing of what is only handed on.
func withoutOpened(block *hcl.Block, v cty.Value) cty.Value {
	if !block.Kind.Ephemeral {
		return v
	}
	values := v.AsValueMap()
	for i := range block.Kind.Attributes {
		if at := &block.Kind.Attributes[i]; at.Opened {
			values[at.Name] = cty.NullVal(at.Type)
		}
	}
	return cty.ObjectVal(values)
}

// Writes reports whether the change hands a write-only argument to the service.
func (c *Change) Writes() bool {
	return slices.ContainsFunc(c.Diff, func(d AttrDiff) bool { return d.WriteOnly })
}

// Sources are the versions that a secret's value is made of, as state keeps them; nil where it comes from no ephemeral
// block.
func Sources(body hcl.Body) (versions []any) {
	for _, from := range sourcesOf(body) {
		versions = append(versions, from.Version)
	}
	return versions
}

func sourcesOf(body hcl.Body) []hcl.Source {
	return append(slices.Clone(body.From["value"]), body.From["value_base64"]...)
}

// cameFrom names the ephemeral blocks.
func cameFrom(from []hcl.Source) string {
	var names []string
	for _, s := range from {
		names = append(names, s.Addr.String())
	}
	return "its value comes from " + strings.Join(slices.Compact(names), ", ")
}

// sourceChanged holds the versions that a value is made of against those that it was made of. The values are not read.
func (p *planner) sourceChanged(n *node, prior *state.Resource) bool {
	from := sourcesOf(n.body)
	if prior != nil && reflect.DeepEqual(prior.Attributes[ValueFrom], any(Sources(n.body))) {
		return false
	}
	n.change.Reason = cameFrom(from)
	return true
}
