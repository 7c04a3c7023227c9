package hcl

import (
	"bytes"
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/schema"
)

// reference is one name an expression refers to.
type reference struct {
	root  string // var, local, gateway, each, count, path; "" for a block
	name  string // of the variable, local or gateway
	rng   hclv2.Range
	order bool // depends_on: orders, but the value is not used

	block *block // the block referred to
	// Which instances: exactly one when key is set; the one index evaluates to when that is
	// set; all of them otherwise.
	key   string
	index hclv2.Expression
	// attr is the attribute that is read of the instance; "" when the reference takes the whole
	// object or several.
	attr string
	// eachKey says that the index is each.key, which needs no evaluation.
	eachKey bool
}

// names are what an expression may refer to beside the module's own names.
type names struct {
	each, count bool
	iterators   []string // of dynamic blocks
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
	if native, ok := expr.(hclsyntax.Expression); ok {
		_ = hclsyntax.Walk(native, f) // findings are in f.diags
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
	case "each", "count":
		f.repetition(t, root)
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
	if !f.m.has(root, name) {
		f.refuse(fault(at, "Unknown "+kindOfName(root), "There is no %s %q.%s Declare it, or correct the name.", kindOfName(root), name, didYouMean(name, f.m.namesOf(root))))
		return
	}
	if root == "gateway" {
		if bad := checkSteps(t[2:], GatewayType, "gateway."+name); bad != nil {
			f.refuse(bad)
			return
		}
	}
	f.add(reference{root: root, name: name, rng: at})
}

func kindOfName(root string) string {
	return map[string]string{"var": "variable", "local": "local value", "gateway": "gateway"}[root]
}

func (m *module) has(root, name string) bool {
	switch root {
	case "var":
		return m.variables[name] != nil
	case "local":
		return m.locals[name] != nil
	default:
		return m.gateways[name] != nil
	}
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
	if name, ok := attrStep(t, 1); !ok || (name != "module" && name != "root") {
		f.refuse(fault(t.SourceRange(), "Invalid reference", "path.module and path.root are the module's directory; there is no other path."))
		return
	}
	f.add(reference{root: "path", rng: t.SourceRange()})
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

// object takes a reference to a managed or data block.
func (f *finder) object(t hclv2.Traversal, index *hclsyntax.IndexExpr, trail hclv2.Traversal) {
	r, problem := f.m.objectReference(t)
	switch {
	case problem != nil:
		f.refuse(problem)
		return
	case r == nil:
		f.refuse(f.m.unknownRoot(t))
		return
	}
	_, rest, _ := splitAddress(t)
	if index != nil && len(rest) == 0 && f.evaluable(index.Key) {
		r.index, r.eachKey, rest = index.Key, isEachKey(index.Key), trail
	}
	if bad := f.m.checkObjectSteps(r, rest); bad != nil {
		f.refuse(bad)
		return
	}
	if r.single() && len(rest) > 0 {
		r.attr, _ = attrStep(rest, 0)
	}
	if f.allowed.only != "" {
		f.refuse(fault(r.rng, "Reference not allowed here", "%s may not refer to %s, which is known only once it exists.", f.allowed.only, r.block.addr))
		return
	}
	f.add(*r)
}

// evaluable reports whether an index can be evaluated before any object is known: it
// refers to variables, locals and the repetition only.
func (f *finder) evaluable(key hclsyntax.Expression) bool {
	for _, t := range key.Variables() {
		root := t.RootName()
		if f.localized(root) || !slices.Contains([]string{"each", "count", "var", "local", "path"}, root) {
			return false
		}
	}
	return true
}

func isEachKey(key hclsyntax.Expression) bool {
	scope, ok := key.(*hclsyntax.ScopeTraversalExpr)
	if !ok || len(scope.Traversal) != 2 || scope.Traversal.RootName() != "each" {
		return false
	}
	name, _ := attrStep(scope.Traversal, 1)
	return name == "key"
}

// objectReference resolves a traversal that starts with a block's address. Both results
// are nil when it starts with something else.
func (m *module) objectReference(t hclv2.Traversal) (*reference, *hclv2.Diagnostic) {
	a, _, ok := splitAddress(t)
	if !ok {
		return nil, nil
	}
	at := t.SourceRange()
	b := m.blocks[a.Block()]
	if b == nil {
		return nil, fault(at, "Unknown block", "There is no %s.%s Declare it, or correct the name.", a.Block(), didYouMean(a.Block().String(), m.addresses()))
	}
	return &reference{block: b, key: a.Key, rng: at}, nil
}

func (m *module) unknownRoot(t hclv2.Traversal) *hclv2.Diagnostic {
	root, at := t.RootName(), t.SourceRange()
	switch {
	case schema.Lookup(root, false) != nil:
		return fault(at, "Invalid reference", "A reference to a %s needs its name, such as %s.NAME.", root, root)
	case root == "data":
		return fault(at, "Invalid reference", "A reference to a data block needs type and name, such as data.encrypt.NAME.")
	case root == "self" || root == "terraform" || root == "module" || root == "kmsplan":
		return fault(at, "Invalid reference", "kmsplan has no %s values.", root)
	}
	known := append([]string{"var", "local", "gateway", "each", "count", "path", "data"}, schema.Managed()...)
	hint := didYouMean(root, known)
	if hint == "" {
		hint = " A plain text stands in quotes."
	}
	return fault(at, "Unknown name", "Nothing is called %q here.%s References start with %s.", root, hint, quotedList(known))
}

// checkObjectSteps checks what follows a block's address against its kind.
func (m *module) checkObjectSteps(r *reference, rest hclv2.Traversal) *hclv2.Diagnostic {
	b := r.block
	repeated := b.forEach != nil || b.count != nil
	if !repeated && (r.key != "" || r.index != nil) {
		return fault(r.rng, "Invalid index", "%s has neither for_each nor count, so it has no instances. Write %s without an index.", b.addr, b.addr)
	}
	if len(rest) == 0 {
		return nil
	}
	name, isAttr := attrStep(rest, 0)
	if !isAttr {
		return nil
	}
	if r.single() {
		return attributeExists(b, name, rest[0].SourceRange())
	}
	if b.count != nil || b.kind.Attribute(name) != nil {
		return fault(r.rng, "Missing instance", "%s has several instances. Name one, such as %s.%s, or write a for expression over all.", b.addr, exampleInstance(b), name)
	}
	return nil
}

// single reports whether the reference leads to exactly one instance.
func (r *reference) single() bool {
	repeated := r.block.forEach != nil || r.block.count != nil
	return !repeated || r.key != "" || r.index != nil
}

func exampleInstance(b *block) addr.Address {
	if b.count != nil {
		return b.addr.WithIndex(0)
	}
	a := b.addr
	a.Key = "[each.key]"
	return a
}

func attributeExists(b *block, name string, at hclv2.Range) *hclv2.Diagnostic {
	decl := b.kind.Attribute(name)
	switch {
	case decl == nil && b.kind.Block(name) != nil:
		return fault(at, "Unsupported attribute", "%q is a nested block of %s and has no value to refer to.", name, b.addr)
	case decl == nil:
		return fault(at, "Unsupported attribute", "A %s has no attribute %q.%s", b.kind.Name, name, didYouMean(name, slices.Sorted(maps.Keys(b.kind.ObjectType().AttributeTypes()))))
	case decl.WriteOnly:
		return fault(at, "Write-only attribute", "%s.%s is write-only: kmsplan never reads it back. Refer to where the value comes from instead.", b.addr, name)
	}
	return nil
}
