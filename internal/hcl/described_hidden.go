package hcl

// hiding are the variables, locals and outputs of all modules whose values flow into arguments that are never shown, or into
// sensitive variables: a literal would be shown where it comes from.
type hiding map[*node]bool

// hides reports whether nothing is shown of it. Of a module without an instance nobody knows where its values flow.
func (h hiding) hides(n *node) bool { return h == nil || h[n] }

func hiddenNodes(t *tree) hiding {
	h := hiding{}
	for _, m := range t.modules {
		for _, b := range m.blockOrder {
			h.arguments(b.attrs)
			for _, n := range b.nested {
				h.arguments(n.args)
			}
			if b.dynamics {
				h.references(b.refs) // what of them goes where is known for each instance only
			}
		}
		for _, g := range m.gatewayOrder {
			for _, arg := range g.args {
				if arg.decl == nil || arg.decl.WriteOnly {
					h.references(g.refs)
				}
			}
		}
		for _, v := range m.variables {
			if v.sensitive || v.ephemeral {
				h.references(v.refs)
			}
		}
		for _, o := range m.outputOrder {
			if o.decl.Sensitive || o.decl.Ephemeral {
				h.references(o.refs)
			}
		}
	}
	return h
}

func (h hiding) arguments(args []argument) {
	for i := range args {
		if args[i].decl.WriteOnly {
			h.references(args[i].refs)
		}
	}
}

// references walks back from what is not shown, and stops at objects: their arguments are shown or not by themselves.
func (h hiding) references(refs []reference) {
	for i := range refs {
		r := &refs[i]
		for n := range r.nodes {
			if h[n] || r.block != nil {
				continue
			}
			h[n] = true
			h.references(n.refs)
		}
	}
}
