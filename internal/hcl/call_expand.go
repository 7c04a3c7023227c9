package hcl

import (
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
)

// maxModules bounds the instances of all modules together: modules that call modules multiply.
const maxModules = 10_000

// instanceFee is what one instance of a module is charged for each byte of its files.
const instanceFee = 8

// expander makes the instances of the modules that are called.
type expander struct {
	t     *tree
	d     *decoder // of the root module
	early *early
	diags hclv2.Diagnostics
}

// expandCalls makes the instances of every module that is called, those that they call included.
func (t *tree) expandCalls(d *decoder) hclv2.Diagnostics {
	x := &expander{t: t, d: d}
	x.early = &early{x: x, values: map[*node]valueOf{}}
	for i := 0; i < len(t.modules); i++ { // those that are called join them
		for _, c := range t.modules[i].callOrder {
			x.expand(c)
		}
	}
	// What was needed early came early: everything stands in the order of the calls now.
	t.modules = inCallOrder(t.modules[0], nil)
	return x.diags
}

func inCallOrder(m *module, list []*module) []*module {
	list = append(list, m)
	for _, c := range m.callOrder {
		for _, in := range c.instances {
			if child := c.children[in.addr.Key]; child != nil {
				list = inCallOrder(child, list)
			}
		}
	}
	return list
}

// expand makes the instances of one call, if that is not done yet.
func (x *expander) expand(c *call) {
	switch {
	case c.state == underWay:
		x.report(fault(c.rng, "Cycle", "How many instances %s has depends on itself. Break the circle.", c.name))
		c.broken = true
		return
	case c.state == done:
		return
	}
	c.state = underWay
	defer func() { c.state = done }()
	if c.source == nil {
		c.broken = true
		return
	}
	x.report(c.repeated.expand(session{m: c.m, early: x.early})...)
	if !c.expanded || len(c.instances) == 0 {
		x.instance(c, &instance{}, true) // what is wrong in its files is said all the same
		return
	}
	for _, in := range c.instances {
		if len(x.t.modules) > maxModules {
			x.report(fault(c.rng, "Too many modules", "The modules have more than %d instances together. Repeat the blocks in one module instead.", maxModules))
			return
		}
		if err := x.t.library.work.take(instanceFee * c.source.size); err != nil {
			x.report(refusal(c.rng, err))
			return
		}
		c.children[in.addr.Key] = x.instance(c, in, false)
	}
	x.warnNumbers(c)
}

func (x *expander) report(diags ...*hclv2.Diagnostic) { x.diags = append(x.diags, diags...) }

func (x *expander) warnNumbers(c *call) {
	if c.count != nil && len(c.instances) > 1 && c.source.protect {
		x.report(caution(c.count.Range(), "Instances told apart by number",
			"With count, removing one instance of the module renumbers those after it, and each would take its neighbour's place. Prefer for_each with a set of names."))
	}
}

// instance makes one instance: its blocks as its files have them, its variables as the call gives them, its gateways
// as they are passed. One that is only looked at gets into no plan.
func (x *expander) instance(c *call, in *instance, onlyLook bool) *module {
	m := x.t.newModule(c.m.path.Child(c.label)+addr.Module(in.addr.Key), c.dir)
	m.gateways, m.gatewayOrder = c.m.gateways, c.m.gatewayOrder
	if c.gateways != nil {
		m.gateways, m.gatewayOrder = c.gateways, c.order
	}
	m.orders = slices.Concat(c.m.orders, c.orders)
	d := &decoder{config: x.d.config, m: m, called: true, pattern: onlyLook}
	d.files(c.source.files)
	d.diags = nil // the source's own were reported when it was read
	d.names()
	x.report(d.diags...)
	for _, inner := range m.callOrder {
		inner.like(c.source.pattern.calls[inner.label])
	}
	for name, v := range m.variables {
		v.call, v.in = c, in
		if arg := c.args[name]; arg != nil {
			v.arg, v.refs, v.broken = arg.expr, arg.refs, arg.broken
		}
	}
	for _, b := range m.blockOrder {
		b.refs = append(b.refs, m.orders...)
	}
	x.report(m.resolve()...)
	if !onlyLook {
		x.t.modules = append(x.t.modules, m)
	}
	return m
}

// nodes are what a reference leads to: of a module, the outputs that it reads, or all blocks in it when it only orders.
func (r *reference) nodes(yield func(*node) bool) {
	if n := r.node(); n != nil {
		yield(n)
		return
	}
	if r.call == nil {
		return
	}
	for _, m := range r.leads() {
		if r.order {
			if !m.eachBlock(func(b *block) bool { return yield(&b.node) }) {
				return
			}
			continue
		}
		for _, o := range m.outputOrder {
			if (r.attr == "" || r.attr == o.decl.Name) && !yield(&o.node) {
				return
			}
		}
	}
}

// eachBlock goes over the blocks of a module and of those that it calls.
func (m *module) eachBlock(yield func(*block) bool) bool {
	for _, b := range m.blockOrder {
		if !yield(b) {
			return false
		}
	}
	for _, c := range m.callOrder {
		for _, in := range c.instances {
			if child := c.children[in.addr.Key]; child != nil && !child.eachBlock(yield) {
				return false
			}
		}
	}
	return true
}

// leads are the instances that a reference to a call may lead to: one when its key is written, all otherwise.
func (r *reference) leads() []*module {
	if r.key != "" || !r.call.repeats() {
		if m := r.call.children[r.key]; m != nil {
			return []*module{m}
		}
		return nil
	}
	list := make([]*module, 0, len(r.call.children))
	for _, key := range slices.Sorted(maps.Keys(r.call.children)) {
		list = append(list, r.call.children[key])
	}
	return list
}
