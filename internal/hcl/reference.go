package hcl

import (
	"bytes"
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reference is one name an expression refers to.
type reference struct {
	root  string // var, local, gateway, each, count, path; "" for a block
	name  string // of the variable, local or gateway, as it is written
	rng   hclv2.Range
	order bool // depends_on: orders, but the value is not used

	// What is referred to: one of these at most.
	variable *variable
	local    *local
	gateway  *gateway
	block    *block
	call     *call
	// Which instances: exactly one when key is set; the one index evaluates to when that is
	// set; all of them otherwise.
	key   string
	index hclv2.Expression
	// attr is the attribute that is read of the instance, or the output of the module; "" when the
	// reference takes the whole object or several.
	attr string
	// eachKey says that the index is each.key, which needs no evaluation.
	eachKey bool
}

// node is what is referred to, nil for what is no node of the graph.
func (r *reference) node() *node {
	switch {
	case r.variable != nil:
		return &r.variable.node
	case r.local != nil:
		return &r.local.node
	case r.gateway != nil:
		return &r.gateway.node
	case r.block != nil:
		return &r.block.node
	}
	return nil
}

// several is what may have several instances, nil for what is always one.
func (r *reference) several() *repeated {
	switch {
	case r.block != nil:
		return &r.block.repeated
	case r.call != nil:
		return &r.call.repeated
	}
	return nil
}

// names are what an expression may refer to beside the module's own names.
type names struct {
	each, count bool
	iterators   []string // of dynamic blocks
	self        *block   // whose postcondition it is
	check       string   // whose assertion it is: its lookups are known
	only        string   // "" = everything; else what is being evaluated, for messages
}

// finder walks an expression and gathers its references.
type finder struct {
	m       *module
	allowed names
	scopes  []map[string]struct{}
	refs    []reference
	diags   hclv2.Diagnostics
	indexed map[hclsyntax.Node]*hclsyntax.IndexExpr
	trailed map[hclsyntax.Node]hclv2.Traversal // what follows the index
}

// references finds what the expression refers to, and reports names that do not exist.
func (m *module) references(expr hclv2.Expression, allowed names) ([]reference, hclv2.Diagnostics) {
	f := &finder{m: m, allowed: allowed, indexed: map[hclsyntax.Node]*hclsyntax.IndexExpr{}, trailed: map[hclsyntax.Node]hclv2.Traversal{}}
	if j, ok := expr.(jsonExpr); ok {
		expr = j.Expression
	}
	if native, ok := expr.(hclsyntax.Expression); ok {
		_ = hclsyntax.Walk(native, f) // findings are in f.diags
		meterParts(native)
		return f.refs, f.diags
	}
	for _, t := range expr.Variables() {
		f.traversal(t, nil, nil)
	}
	if file := m.files[expr.Range().Filename]; file != nil && bytes.Contains(expr.Range().SliceBytes(file.Bytes), []byte("sensitive(")) {
		f.add(reference{root: markedRoot})
	}
	return f.refs, f.diags
}

// Enter implements hclsyntax.Walker.
func (f *finder) Enter(n hclsyntax.Node) hclv2.Diagnostics {
	switch n := n.(type) {
	case hclsyntax.ChildScope:
		f.scopes = append(f.scopes, n.LocalNames)
	case *hclsyntax.RelativeTraversalExpr:
		if index, ok := n.Source.(*hclsyntax.IndexExpr); ok {
			f.trailed[index.Collection] = n.Traversal
		}
	case *hclsyntax.IndexExpr:
		f.indexed[n.Collection] = n
	case *hclsyntax.ScopeTraversalExpr:
		if !f.localized(n.Traversal.RootName()) {
			f.traversal(n.Traversal, f.indexed[n], f.trailed[n])
		}
	case *hclsyntax.FunctionCallExpr:
		f.function(n)
	}
	return nil
}

// Exit implements hclsyntax.Walker.
func (f *finder) Exit(n hclsyntax.Node) hclv2.Diagnostics {
	if _, ok := n.(hclsyntax.ChildScope); ok {
		f.scopes = f.scopes[:len(f.scopes)-1]
	}
	return nil
}

func (f *finder) localized(root string) bool {
	return slices.ContainsFunc(f.scopes, func(s map[string]struct{}) bool { _, ok := s[root]; return ok })
}

// markedRoot is the root of the reference that stands for a call of sensitive().
const markedRoot = "sensitive()"

func (f *finder) function(call *hclsyntax.FunctionCallExpr) {
	if call.Name == "sensitive" {
		f.add(reference{root: markedRoot})
	}
	if _, ok := f.m.library.functions[call.Name]; ok {
		return
	}
	if why, ok := refusedFunctions[call.Name]; ok {
		f.diags = append(f.diags, fault(call.NameRange, "Function not available", "%s() is not available: %s", call.Name, why))
		return
	}
	f.diags = append(f.diags, fault(call.NameRange, "Unknown function", "There is no function %q.%s docs/language.md lists them all.",
		call.Name, didYouMean(call.Name, slices.Sorted(maps.Keys(f.m.library.functions)))))
}

// traversal takes one reference; index and trail are set when it is the collection of
// an index expression whose key is not a literal.
func (f *finder) traversal(t hclv2.Traversal, index *hclsyntax.IndexExpr, trail hclv2.Traversal) {
	switch root := t.RootName(); root {
	case "var", "local", "gateway":
		f.named(t, root)
	case "path":
		f.pathReference(t)
	case "kmsplan":
		f.ownReference(t)
	case "each", "count":
		f.repetition(t, root)
	case "self":
		f.self(t)
	case "module":
		f.module(t, index, trail)
	default:
		if !slices.Contains(f.allowed.iterators, root) {
			f.object(t, index, trail)
		}
	}
}

func (f *finder) add(r reference) { f.refs = append(f.refs, r) }

func (f *finder) refuse(d *hclv2.Diagnostic) { f.diags = append(f.diags, d) }

func (f *finder) named(t hclv2.Traversal, root string) {
	at := t.SourceRange()
	name, ok := attrStep(t, 1)
	if !ok {
		f.refuse(fault(at, "Invalid reference", "A reference to a %s needs its name: %s.NAME.", kindOfName(root), root))
		return
	}
	r := reference{root: root, name: name, rng: at}
	if !f.m.resolveName(&r) {
		f.refuse(fault(at, "Unknown "+kindOfName(root), "There is no %s %q.%s Declare it, or correct the name.", kindOfName(root), name, didYouMean(name, f.m.namesOf(root))))
		return
	}
	if root == "gateway" {
		if bad := checkSteps(t[2:], GatewayType, "gateway."+name); bad != nil {
			f.refuse(bad)
			return
		}
	}
	f.add(r)
}

func kindOfName(root string) string {
	return map[string]string{"var": "variable", "local": "local value", "gateway": "gateway"}[root]
}

// resolveName finds what a reference to a variable, local or gateway leads to; false = there is none.
func (m *module) resolveName(r *reference) bool {
	switch r.root {
	case "var":
		r.variable = m.variables[r.name]
	case "local":
		r.local = m.locals[r.name]
	default:
		r.gateway = m.gateways[r.name]
	}
	return r.node() != nil
}

func (m *module) namesOf(root string) []string {
	switch root {
	case "var":
		return slices.Sorted(maps.Keys(m.variables))
	case "local":
		return slices.Sorted(maps.Keys(m.locals))
	default:
		return m.gatewayNames()
	}
}

func (f *finder) pathReference(t hclv2.Traversal) {
	if name, ok := attrStep(t, 1); !ok || (name != "module" && name != "root" && name != "cwd") {
		f.refuse(fault(t.SourceRange(), "Invalid reference", "path.module is the directory of the module, path.root that of the root module, and path.cwd the working directory; there is no other path."))
		return
	}
	f.add(reference{root: "path", rng: t.SourceRange()})
}

// ownReference takes kmsplan.workspace.
func (f *finder) ownReference(t hclv2.Traversal) {
	if name, ok := attrStep(t, 1); !ok || name != "workspace" {
		f.refuse(fault(t.SourceRange(), "Invalid reference", "kmsplan.workspace is the name of the selected workspace; kmsplan has no other values."))
		return
	}
	f.add(reference{root: "kmsplan", rng: t.SourceRange()})
}

func (f *finder) repetition(t hclv2.Traversal, root string) {
	at := t.SourceRange()
	name, _ := attrStep(t, 1)
	switch {
	case root == "each" && !f.allowed.each:
		f.refuse(fault(at, "Invalid reference", "each is known only in a block with for_each."))
	case root == "count" && !f.allowed.count:
		f.refuse(fault(at, "Invalid reference", "count is known only in a block with count."))
	case root == "each" && name != "key" && name != "value":
		f.refuse(fault(at, "Invalid reference", "each has two attributes: each.key and each.value."))
	case root == "count" && name != "index":
		f.refuse(fault(at, "Invalid reference", "count has one attribute: count.index."))
	default:
		f.add(reference{root: root, rng: at})
	}
}

func attrStep(t hclv2.Traversal, i int) (string, bool) {
	if len(t) <= i {
		return "", false
	}
	step, ok := t[i].(hclv2.TraverseAttr)
	return step.Name, ok
}
