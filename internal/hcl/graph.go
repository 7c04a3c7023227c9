package hcl

import (
	"maps"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
)

// vertex is a node in the graph of references; one of these is set.
type vertex struct {
	*node
	variable *variable
	local    *local
	gateway  *gateway
	block    *block
	output   *output
	call     *call

	deps       []*vertex
	index, low int // Tarjan's numbers; 0 = not visited
	onStack    bool
}

// graph orders variables, locals, gateways and blocks so that each comes after what it refers to.
type graph struct {
	vertices []*vertex
	byNode   map[*node]*vertex
	stack    []*vertex
	next     int
	order    []*vertex
	diags    hclv2.Diagnostics
}

// sortGraph orders the nodes of all modules, in source order where references leave it open.
// A cycle is one diagnostic that names its path, and its members are marked broken.
func (t *tree) sortGraph() ([]*vertex, hclv2.Diagnostics) {
	g := &graph{byNode: map[*node]*vertex{}}
	for _, m := range t.modules {
		g.module(m)
	}
	for _, v := range g.vertices {
		g.connect(t, v)
	}
	for _, v := range g.vertices {
		if v.index == 0 {
			g.visit(v)
		}
	}
	return g.order, g.diags
}

func (g *graph) add(v *vertex) {
	g.vertices = append(g.vertices, v)
	g.byNode[v.node] = v
}

func (g *graph) module(m *module) {
	for _, name := range slices.Sorted(maps.Keys(m.variables)) {
		g.add(&vertex{node: &m.variables[name].node, variable: m.variables[name]})
	}
	for _, l := range m.localOrder {
		g.add(&vertex{node: &l.node, local: l})
	}
	for _, w := range m.ownGateways() {
		g.add(&vertex{node: &w.node, gateway: w})
	}
	for _, b := range m.blockOrder {
		g.add(&vertex{node: &b.node, block: b})
	}
	for _, c := range m.callOrder {
		g.add(&vertex{node: &c.node, call: c})
	}
	for _, o := range m.outputOrder {
		g.add(&vertex{node: &o.node, output: o})
	}
}

func (g *graph) connect(t *tree, v *vertex) {
	if v.block != nil {
		if v.block.gateway != nil {
			v.deps = append(v.deps, g.byNode[&v.block.gateway.node])
		}
		for _, in := range v.block.instances {
			for _, a := range v.block.extra[in.addr] {
				if other := t.all[a.Block()]; other != v.block {
					v.deps = append(v.deps, g.byNode[&other.node])
				}
			}
		}
	}
	if v.variable != nil && v.variable.call != nil {
		v.deps = append(v.deps, g.byNode[&v.variable.call.node])
	}
	for _, r := range v.uses() {
		for n := range r.nodes {
			v.deps = append(v.deps, g.byNode[n])
		}
	}
}

// uses are the references of a vertex, those of for_each and count included.
func (v *vertex) uses() []reference {
	switch {
	case v.block != nil:
		return slices.Concat(v.refs, v.block.eachRefs, v.block.conditionRefs)
	case v.call != nil:
		return v.call.eachRefs
	}
	return v.refs
}

// visit is Tarjan's algorithm: strongly connected components come out dependencies first.
func (g *graph) visit(v *vertex) {
	g.next++
	v.index, v.low = g.next, g.next
	g.stack = append(g.stack, v)
	v.onStack = true
	for _, d := range v.deps {
		if d.index == 0 {
			g.visit(d)
			v.low = min(v.low, d.low)
		} else if d.onStack {
			v.low = min(v.low, d.index)
		}
	}
	if v.low == v.index {
		g.component(v)
	}
}

func (g *graph) component(root *vertex) {
	at := slices.Index(g.stack, root)
	members := slices.Clone(g.stack[at:])
	g.stack = g.stack[:at]
	for _, v := range members {
		v.onStack = false
	}
	slices.SortFunc(members, func(a, b *vertex) int { return a.index - b.index })
	g.order = append(g.order, members...)
	if len(members) > 1 || slices.Contains(root.deps, root) {
		g.cycle(root, members)
	}
}

// cycle reports one strongly connected component by a shortest path through it that
// returns to its first member.
func (g *graph) cycle(root *vertex, members []*vertex) {
	inside := map[*vertex]bool{}
	reported := root.cyclic
	for _, v := range members {
		inside[v], v.broken, v.cyclic = true, true, true
	}
	if reported {
		return
	}
	var names []string
	for _, v := range shortestCycle(root, inside) {
		names = append(names, v.name)
	}
	detail := "%s refers to itself. Remove the reference, or split the value with a local."
	path := strings.Join(names, " → ")
	if len(members) > 1 {
		detail = "These refer to each other in a circle, so none can come first: %s. Break the circle at one of them."
	} else {
		path = root.name
	}
	g.diags = append(g.diags, fault(root.rng, "Cycle", detail, path))
}

func shortestCycle(root *vertex, inside map[*vertex]bool) []*vertex {
	from := map[*vertex]*vertex{}
	for queue := []*vertex{root}; len(queue) > 0; queue = queue[1:] {
		for _, d := range queue[0].deps {
			if d == root {
				path := []*vertex{root}
				for v := queue[0]; v != root; v = from[v] {
					path = append(path, v)
				}
				path = append(path, root)
				slices.Reverse(path)
				return path
			}
			if _, seen := from[d]; inside[d] && !seen {
				from[d] = queue[0]
				queue = append(queue, d)
			}
		}
	}
	return []*vertex{root}
}

// spread tells every node which blocks it depends on, and whether it is dynamic; the order
// is dependencies first.
func (t *tree) spread(order []*vertex) {
	for _, v := range order {
		v.spread(v.uses())
		switch {
		case v.block != nil:
			v.block.eachDynamic = depends(v.block.eachRefs)
			v.block.spreadArguments()
		case v.call != nil:
			v.call.eachDynamic = v.call.dynamic
		case v.variable != nil:
			v.variable.spreadCall()
		case v.output != nil && v.m.path != "" && len(v.output.pre) > 0:
			v.promises = append(v.promises, v.output)
		}
	}
	for _, m := range t.modules {
		for _, c := range m.callOrder {
			c.outputBlocks = c.blocksOfOutputs()
		}
	}
}

// spreadArguments tells which arguments have to be evaluated anew when objects become known.
func (b *block) spreadArguments() {
	depends := func(refs []reference) bool {
		return depends(refs) || b.eachDynamic && usesEach(refs)
	}
	for i := range b.attrs {
		if a := &b.attrs[i]; depends(a.refs) {
			a.dynamic = true
			b.again = append(b.again, a.refs...)
		}
	}
	var inside []reference
	for _, n := range b.nested {
		for _, a := range n.args {
			inside = append(inside, a.refs...)
		}
	}
	if depends(inside) {
		b.nestedAgain = true
		b.again = append(b.again, inside...)
	}
}

// depends reports whether any reference leads to what is known only at planning or later.
func depends(refs []reference) bool {
	return slices.ContainsFunc(refs, func(r reference) bool {
		return r.block != nil && !r.order ||
			r.gateway != nil && (r.gateway.decl.Emulator != nil || r.gateway.m.in.Gateway != nil) ||
			r.local != nil && r.local.dynamic ||
			r.variable != nil && r.variable.dynamic ||
			r.call != nil && !r.order && r.leadsTo(func(n *node) bool { return n.dynamic })
	})
}

// secretive reports whether any reference leads to a sensitive value.
func secretive(refs []reference) bool {
	return slices.ContainsFunc(refs, func(r reference) bool {
		return r.root == markedRoot ||
			r.block != nil && !r.order && r.block.kind.Ephemeral ||
			r.variable != nil && r.variable.secretive ||
			r.local != nil && r.local.secretive ||
			r.call != nil && !r.order && r.leadsTo(func(n *node) bool { return n.secretive })
	})
}

func (r *reference) leadsTo(what func(*node) bool) bool {
	for n := range r.nodes {
		if what(n) {
			return true
		}
	}
	return false
}

// usesEach reports whether references take each.key, each.value or count.index.
func usesEach(refs []reference) bool {
	return slices.ContainsFunc(refs, func(r reference) bool { return r.root == "each" || r.root == "count" })
}

// spread takes over from what is referred to.
func (n *node) spread(refs []reference) {
	seen := map[addr.Address]bool{}
	n.dynamic, n.secretive = depends(refs), n.secretive || secretive(refs)
	for _, r := range refs {
		switch {
		case r.order:
		case r.block != nil:
			n.add(seen, r.block.addr)
		default:
			for of := range r.nodes {
				n.add(seen, of.blocks...)
				n.promise(of.promises)
			}
		}
	}
}

func (n *node) add(seen map[addr.Address]bool, blocks ...addr.Address) {
	for _, a := range blocks {
		if !seen[a] {
			seen[a] = true
			n.blocks = append(n.blocks, a)
		}
	}
}

func (n *node) promise(outputs []*output) {
	for _, o := range outputs {
		if !slices.Contains(n.promises, o) {
			n.promises = append(n.promises, o)
		}
	}
}

// spreadCall takes over from the call's for_each, where the value that the call gives uses it.
func (v *variable) spreadCall() {
	if v.call == nil || !usesEach(v.refs) {
		return
	}
	v.dynamic, v.secretive = v.dynamic || v.call.eachDynamic, v.secretive || v.call.secretive
	v.add(map[addr.Address]bool{}, v.call.blocks...)
}
