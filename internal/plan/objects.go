package plan

import (
	"slices"
	"sync"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/state"
)

// know makes an instance's planned value visible to what is evaluated after it:
// what is configured, else what lives, else unknown.
//
// What a large stack has many of is let go again: ten thousand bodies of keys are needed
// no more once their values are known.
func (p *planner) know(n *node) {
	if n.unread {
		n.change.After = n.remembered()
		p.objects.Set(n.addr, n.change.After)
		return
	}
	clear(p.scratch)
	n.change.After, n.change.WriteOnly = p.typed(n.change.Kind, n.planned(p.scratch)), n.writeOnlyNames()
	p.objects.Set(n.addr, n.change.After)
	n.body.Ranges = nil
	if n.change.Kind == KindKey {
		n.body = hcl.Body{}
	}
}

// typed is an object with the type that the first of its kind had, if it has the same: cty makes a type for each object, and
// half of what ten thousand planned keys hold is that. Only an element of a list takes a type that is there already.
func (p *planner) typed(kind string, object cty.Value) cty.Value {
	first, ok := p.first[kind]
	switch {
	case !ok:
		p.first[kind] = object
	case first.Type().Equals(object.Type()):
		return cty.ListVal([]cty.Value{first, object}).Index(cty.NumberIntVal(1))
	}
	return object
}

// planned builds the object in a map that it may overwrite.
func (n *node) planned(vals map[string]cty.Value) cty.Value {
	for i := range n.block.Kind.Attributes {
		at := &n.block.Kind.Attributes[i]
		if !at.WriteOnly {
			vals[at.Name] = n.plannedAttr(at)
		}
	}
	return cty.ObjectVal(vals)
}

func (n *node) plannedAttr(at *kind.Attribute) cty.Value {
	if v, ok := n.body.Attrs[at.Name]; ok && n.asked == nil && at.Mode != kind.Computed && !n.ignores(at.Name) {
		if v = n.desired(at, v); v != cty.NilVal {
			if o := n.settled(); o != nil {
				return partial(at, v, o.Attrs[at.Name])
			}
			return partial(at, v, cty.NilVal)
		}
	}
	if n.settled() == nil {
		if at.Name == "instance" && n.live != nil {
			return stringOrNull(n.live.InstanceID)
		}
		return cty.UnknownVal(at.Type)
	}
	if n.disturbs(at) {
		return cty.UnknownVal(at.Type)
	}
	if at.Name == "id" {
		return cty.StringVal(n.object.ID)
	}
	if v, ok := n.object.Attrs[at.Name]; ok && v != cty.NilVal {
		return v
	}
	return cty.NullVal(at.Type)
}

// disturbs reports whether the change makes the service set a computed attribute anew: by a call that is
// planned, or by one that a difference will need.
func (n *node) disturbs(at *kind.Attribute) bool {
	return slices.ContainsFunc(at.ChangedBy, func(call string) bool {
		return n.change.Needs(call) || slices.ContainsFunc(n.change.Diff, func(d AttrDiff) bool {
			changed := n.block.Kind.Attribute(d.Name)
			return changed != nil && slices.Contains(changed.ChangedBy, call)
		})
	})
}

// Needs reports whether the change needs the operation.
func (c *Change) Needs(operation string) bool {
	return slices.Contains(c.Calls, operation)
}

// setGateways makes the read gateways visible to expressions: an emulator's
// instance has an id only when it runs.
func (l Live) setGateways(cfg *hcl.Config, to *hcl.ObjectMap) {
	for _, g := range cfg.Gateways {
		live, ok := l.Gateways[g.Name]
		if !ok {
			continue
		}
		instance := cty.NullVal(hcl.GatewayType.AttributeType("instance"))
		if live.InstanceID != "" {
			instance = cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(live.InstanceID)})
		}
		to.SetGateway(g.Name, cty.ObjectVal(map[string]cty.Value{
			"name": cty.StringVal(g.Name), "region": cty.StringVal(g.Region), "instance": instance,
		}))
	}
}

// Remember fills an ObjectMap with what state remembers and what lives, under the addresses that moved blocks give,
// for evaluation before a plan and for data blocks on their own. Live may be empty. An object's value is made when it is
// first referred to: neither the state's resources nor the live objects may change until then.
func Remember(cfg *hcl.Config, s state.State, live Live) *hcl.ObjectMap {
	index := sync.OnceValue(func() map[addr.Address]*state.Resource { return MovedAddresses(cfg, s) })
	m := hcl.NewObjectMapOver(func(a addr.Address) (cty.Value, bool) {
		r := index()[a]
		if r == nil {
			return cty.NilVal, false
		}
		k := kind.Lookup(r.Kind, false)
		if k == nil {
			return cty.NilVal, false
		}
		return ObjectValue(k, r, live.Gateways[r.Gateway].object(r.Kind, r.ID)), true
	})
	live.setGateways(cfg, m)
	rememberLookups(cfg, live, m)
	return m
}

// ObjectValue is the value references to an object see: live attributes, else
// those state remembers. live may be nil.
func ObjectValue(k *kind.Kind, r *state.Resource, live *Object) cty.Value {
	vals := make(map[string]cty.Value, len(k.Attributes))
	for _, at := range k.Attributes {
		if at.WriteOnly {
			continue
		}
		vals[at.Name] = FromState(r.Attributes[at.Name], at.Type)
		if live != nil {
			if v, ok := live.Attrs[at.Name]; ok && v != cty.NilVal {
				vals[at.Name] = v
			}
		}
		if at.Name == "id" {
			vals["id"] = cty.StringVal(r.ID)
		}
	}
	return cty.ObjectVal(vals)
}

func stringOrNull(s string) cty.Value {
	if s == "" {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(s)
}
