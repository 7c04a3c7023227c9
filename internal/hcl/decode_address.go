package hcl

import (
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// address reads a reference to a block, an instance, or a module where wholeModules allows that, as an address. In a module
// that is called it is relative to the module.
func (d *decoder) address(a *hclv2.Attribute, wholeModules bool) (addr.Address, bool) {
	if a == nil {
		return addr.Address{}, false
	}
	t, diags := hclv2.AbsTraversalForExpr(a.Expr)
	if !diags.HasErrors() {
		found, err := addr.ParseTarget(traversalText(t))
		if err == nil && (found.IsModule() && wholeModules || !found.Ephemeral && (kind.Lookup(found.Kind, found.Data) != nil || isBatch(found))) {
			found.Module = d.m.path.Join(found.Module)
			return found, true
		}
	}
	example := ""
	if wholeModules {
		example = "; or of a module, such as module.billing"
	}
	d.report(fault(a.Expr.Range(), "Invalid address", `%s is the address of a block or an instance, such as key.orders, key.orders["eu"] or module.billing.key.orders, without quotes around it%s. Kinds are %s.`, a.Name, example, quotedList(kind.Managed())))
	return addr.Address{}, false
}

func isBatch(a addr.Address) bool { return a.Kind == kind.BatchKind && !a.Data }

// predecessor reads the address of a predecessor, or of all that the instances of one block have.
func (d *decoder) predecessor(a *hclv2.Attribute) (addr.Address, bool) {
	if a == nil {
		return addr.Address{}, false
	}
	t, diags := hclv2.AbsTraversalForExpr(a.Expr)
	if diags.HasErrors() {
		return addr.Address{}, false
	}
	found, err := addr.Parse(traversalText(t))
	if err != nil || !found.IsPredecessor() || found.Key != "" && found.PredecessorID() == "" {
		return addr.Address{}, false
	}
	found.Module = d.m.path.Join(found.Module)
	return found, true
}

// traversalText is a traversal as an address is written; what cannot be in one is left as no address.
func traversalText(t hclv2.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hclv2.TraverseRoot:
			b.WriteString(step.Name)
		case hclv2.TraverseAttr:
			b.WriteString("." + step.Name)
		case hclv2.TraverseIndex:
			key, ok := withKey(addr.Address{}, step.Key)
			if !ok {
				return ""
			}
			b.WriteString(key.Key)
		default:
			return ""
		}
	}
	return b.String()
}

// splitAddress takes the address at the start of a traversal; rest is what follows it.
func splitAddress(t hclv2.Traversal) (a addr.Address, rest hclv2.Traversal, ok bool) {
	names := []string{t.RootName()}
	for _, step := range t[1:] {
		attr, isAttr := step.(hclv2.TraverseAttr)
		if !isAttr || len(names) == 3 {
			break
		}
		names = append(names, attr.Name)
	}
	switch {
	case names[0] == "data" && len(names) == 3 && kind.Lookup(names[1], true) != nil:
		a, rest = addr.DataBlock(names[1], names[2]), t[3:]
	case names[0] == "ephemeral" && len(names) == 3 && kind.Ephemeral(names[1]) != nil:
		a, rest = addr.EphemeralBlock(names[1], names[2]), t[3:]
	case len(names) >= 2 && (kind.Lookup(names[0], false) != nil || names[0] == kind.BatchKind):
		a, rest = addr.Resource(names[0], names[1]), t[2:]
	default:
		return addr.Address{}, nil, false
	}
	if len(rest) > 0 {
		if index, isIndex := rest[0].(hclv2.TraverseIndex); isIndex {
			if keyed, ok := withKey(a, index.Key); ok {
				return keyed, rest[1:], true
			}
		}
	}
	return a, rest, true
}

// withKey is the instance of the block that the key names.
func withKey(a addr.Address, key cty.Value) (addr.Address, bool) {
	if key.IsMarked() || !key.IsKnown() || key.IsNull() {
		return a, false
	}
	switch key.Type() {
	case cty.String:
		return a.WithKey(key.AsString()), true
	case cty.Number:
		var n int
		if err := gocty.FromCtyValue(key, &n); err == nil && n >= 0 {
			return a.WithIndex(n), true
		}
	}
	return a, false
}

// declared reports whether the configuration declares the block, instance or module, and where. What a module declares of
// which nobody knows yet how many instances it has is taken for declared.
func (t *tree) declared(a addr.Address) (at hclv2.Range, declared bool) {
	m, at, pending := t.moduleAt(a.Module)
	if m == nil || a.IsModule() {
		return at, m != nil || pending
	}
	inside := a.Block()
	inside.Module = ""
	b := m.blocks[inside]
	if b == nil {
		return hclv2.Range{}, false
	}
	return b.rng, !b.expanded || a.Key == "" && !b.repeats() || b.byKey[a.Key] != nil
}

// moduleAt is the module of a path; pending says that its call waits for something.
func (t *tree) moduleAt(path addr.Module) (m *module, at hclv2.Range, pending bool) {
	m = t.modules[0]
	for _, step := range path.Steps() {
		call, key := step.Call()
		c := m.calls[call.Name()]
		switch {
		case c == nil:
			return nil, hclv2.Range{}, false
		case !c.expanded:
			return nil, c.rng, true
		case c.children[key] == nil:
			return nil, hclv2.Range{}, false
		}
		m, at = c.children[key], c.rng
	}
	return m, at, false
}

// addresses are the blocks of the module, as its own files name them.
func (m *module) addresses() []string {
	var names []string
	for _, b := range m.blockOrder {
		names = append(names, b.local().String())
	}
	return names
}

// allAddresses are the blocks of all modules.
func (t *tree) allAddresses() []string {
	var names []string
	for _, m := range t.modules {
		for _, b := range m.blockOrder {
			names = append(names, b.addr.String())
		}
	}
	return names
}
