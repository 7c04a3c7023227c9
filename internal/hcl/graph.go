package hcl

import (
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
)

// vertex is a node of the module in the graph of references; one of the three is set.
type vertex struct {
	*node
	local   *local
	gateway *gateway
	block   *block

	deps       []*vertex
	index, low int // Tarjan's numbers; 0 = not visited
	onStack    bool
}

// graph orders locals, gateways and blocks so that each comes after what it refers to.
type graph struct {
	vertices []*vertex
	byNode   map[*node]*vertex
	stack    []*vertex
	next     int
	order    []*vertex
	diags    hclv2.Diagnostics
}

// sortGraph orders the module's nodes, in source order where references leave it open.
// A cycle is one diagnostic that names its path, and its members are marked broken.
func (m *module) sortGraph() ([]*vertex, hclv2.Diagnostics) {
	g := &graph{byNode: map[*node]*vertex{}}
	for _, l := range m.localOrder {
		g.add(&vertex{node: &l.node, local: l})
	}
	for _, w := range m.gatewayOrder {
		g.add(&vertex{node: &w.node, gateway: w})
	}
	for _, b := range m.blockOrder {
		g.add(&vertex{node: &b.node, block: b})
	}
	for _, v := range g.vertices {
		g.connect(m, v)
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

func (g *graph) connect(m *module, v *vertex) {
	refs := v.refs
	if v.block != nil {
		refs = slices.Concat(refs, v.block.eachRefs)
		if v.block.gateway != nil {
			v.deps = append(v.deps, g.byNode[&v.block.gateway.node])
		}
		for _, in := range v.block.instances {
			for _, a := range v.block.extra[in.addr] {
				if other := m.blocks[a.Block()]; other != v.block {
					v.deps = append(v.deps, g.byNode[&other.node])
				}
			}
		}
	}
	for _, r := range refs {
		if n := m.nodeOf(r); n != nil {
			v.deps = append(v.deps, g.byNode[n])
		}
	}
}

// nodeOf is the graph's node a reference leads to, or nil.
func (m *module) nodeOf(r reference) *node {
	switch {
	case r.block != nil:
		return &r.block.node
	case r.root == "local":
		return &m.locals[r.name].node
	case r.root == "gateway":
		return &m.gateways[r.name].node
	}
	return nil
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
func (m *module) spread(order []*vertex) {
	for _, v := range order {
		refs := v.refs
		if v.block != nil {
			refs = slices.Concat(refs, v.block.eachRefs)
			v.block.eachDynamic = m.depends(v.block.eachRefs)
		}
		m.spreadNode(v.node, refs)
		if v.block != nil {
			m.spreadArguments(v.block)
		}
	}
	for _, o := range m.outputOrder {
		m.spreadNode(&o.node, o.refs)
	}
}

// spreadArguments tells which arguments have to be evaluated anew when objects become known.
func (m *module) spreadArguments(b *block) {
	depends := func(refs []reference) bool {
		return m.depends(refs) || b.eachDynamic && slices.ContainsFunc(refs, func(r reference) bool { return r.root == "each" })
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
func (m *module) depends(refs []reference) bool {
	return slices.ContainsFunc(refs, func(r reference) bool {
		return r.block != nil && !r.order ||
			r.root == "gateway" && m.gateways[r.name].decl.Emulator != nil ||
			r.root == "local" && m.locals[r.name].dynamic
	})
}

// secretive reports whether any reference leads to a sensitive value.
func (m *module) secretive(refs []reference) bool {
	return slices.ContainsFunc(refs, func(r reference) bool {
		return r.root == markedRoot ||
			r.root == "var" && (m.variables[r.name].sensitive || m.variables[r.name].ephemeral) ||
			r.root == "local" && m.locals[r.name].secretive
	})
}

func (m *module) spreadNode(n *node, refs []reference) {
	seen := map[addr.Address]bool{}
	add := func(a addr.Address) {
		if !seen[a] {
			seen[a] = true
			n.blocks = append(n.blocks, a)
		}
	}
	n.dynamic, n.secretive = m.depends(refs), m.secretive(refs)
	for _, r := range refs {
		switch {
		case r.order:
		case r.block != nil:
			add(r.block.addr)
		case r.root == "local":
			for _, a := range m.locals[r.name].blocks {
				add(a)
			}
		}
	}
}
