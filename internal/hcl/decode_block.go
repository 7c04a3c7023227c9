package hcl

import (
	"fmt"
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// metaArguments are taken by every managed and data block, beside its kind's own.
var metaArguments = []string{"gateway", "for_each", "count", "depends_on"}

// bodySchema is what a block of the kind may hold. Computed attributes are in it, so that
// setting one gets an answer better than "unexpected".
func bodySchema(k *kind.Kind) *hclv2.BodySchema {
	s := &hclv2.BodySchema{}
	if !k.Batch() {
		s.Blocks = []hclv2.BlockHeaderSchema{{Type: "lifecycle"}, {Type: "dynamic", LabelNames: []string{"type"}}}
	}
	for _, name := range metaArguments {
		s.Attributes = append(s.Attributes, hclv2.AttributeSchema{Name: name})
	}
	for _, a := range k.Attributes {
		s.Attributes = append(s.Attributes, hclv2.AttributeSchema{Name: a.Name})
	}
	for _, b := range k.Blocks {
		s.Blocks = append(s.Blocks, hclv2.BlockHeaderSchema{Type: b.Name})
	}
	return s
}

// object decodes a managed or data block, names of other things unresolved.
func (d *decoder) object(raw *hclv2.Block, k *kind.Kind, a addr.Address) {
	if prior := d.m.blocks[a]; prior != nil {
		d.report(duplicate(raw.DefRange, k.Name+" block", a.Name, prior.rng))
		return
	}
	full := a
	full.Module = d.m.path
	b := &block{
		repeated: repeated{node: node{m: d.m, name: full.String(), rng: raw.DefRange}, addr: full, byKey: map[string]*instance{}},
		kind:     k, body: raw.Body, lifecycle: Lifecycle{OnImmutableChange: "error"},
	}
	d.m.blocks[a] = b
	if !d.pattern {
		d.m.all[full] = b
	}
	d.m.blockOrder = append(d.m.blockOrder, b)
	content, diags := contentOf(raw.Body, bodySchema(k))
	d.report(diags...)
	b.attrs, diags = arguments(content.Attributes, k.Attributes, b.name)
	d.report(diags...)
	d.report(missing(b.kind.Attributes, content.Attributes, raw.DefRange)...)
	d.innerBlocks(b, content)
	d.repetition(&b.repeated, content.Attributes)
	if dependsOn := content.Attributes["depends_on"]; dependsOn != nil {
		d.later = append(d.later, func() { d.dependsOn(&b.node, dependsOn.Expr) })
	}
	d.later = append(d.later, func() { b.gateway = d.gatewayNamed(content.Attributes["gateway"]) })
}

// arguments pairs the written attributes with their declarations, in source order.
func arguments(written hclv2.Attributes, declared []kind.Attribute, owner string) ([]argument, hclv2.Diagnostics) {
	var args []argument
	var diags hclv2.Diagnostics
	for i := range declared {
		decl := &declared[i]
		a := written[decl.Name]
		switch {
		case a == nil:
		case decl.Mode == kind.Computed:
			diags = append(diags, fault(a.NameRange, "Attribute set by the service",
				"%q cannot be set: %s Remove it here; elsewhere, %s.%s refers to it.", decl.Name, decl.Doc, owner, decl.Name))
		default:
			args = append(args, argument{decl: decl, expr: a.Expr, name: a.NameRange, rng: a.Range})
		}
	}
	sortArguments(args)
	return args, diags
}

func missing(declared []kind.Attribute, written hclv2.Attributes, at hclv2.Range) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	for _, decl := range declared {
		if decl.Mode == kind.Required && written[decl.Name] == nil {
			diags = append(diags, fault(at, "Missing required argument", "The argument %q is required. %s", decl.Name, decl.Doc))
		}
	}
	return diags
}

func (d *decoder) innerBlocks(b *block, content *hclv2.BodyContent) {
	seen := map[string]hclv2.Range{}
	for _, inner := range content.Blocks {
		if prior, twice := seen[inner.Type]; twice && inner.Type != "dynamic" {
			d.report(fault(inner.DefRange, "Duplicate block", "There is already a %s block in %s, at %s:%d. Merge the two.", inner.Type, b.addr, prior.Filename, prior.Start.Line))
			continue
		}
		seen[inner.Type] = inner.DefRange
		switch inner.Type {
		case "lifecycle":
			d.lifecycle(b, inner)
		case "dynamic":
			d.dynamicBlock(b, inner)
		default:
			list, diags := decodeNested(b.kind.Block(inner.Type), inner, b.name, "")
			d.report(diags...)
			b.nested = append(b.nested, list...)
		}
	}
}

func (d *decoder) dynamicBlock(b *block, inner *hclv2.Block) {
	if b.kind.Block(inner.Labels[0]) == nil {
		var names []string
		for _, n := range b.kind.Blocks {
			names = append(names, n.Name)
		}
		d.report(fault(inner.LabelRanges[0], "Unknown nested block", "There is no nested block %q in %s blocks.%s", inner.Labels[0], b.kind.Name, didYouMean(inner.Labels[0], names)))
		return
	}
	b.dynamics = true
}

// decodeNested reads a nested block, and after it the blocks inside it.
func decodeNested(decl *kind.Block, raw *hclv2.Block, owner, prefix string) ([]nested, hclv2.Diagnostics) {
	s := &hclv2.BodySchema{}
	for _, a := range decl.Attributes {
		s.Attributes = append(s.Attributes, hclv2.AttributeSchema{Name: a.Name})
	}
	for i := range decl.Blocks {
		s.Blocks = append(s.Blocks, hclv2.BlockHeaderSchema{Type: decl.Blocks[i].Name})
	}
	content, diags := contentOf(raw.Body, s)
	args, argDiags := arguments(content.Attributes, decl.Attributes, owner)
	diags = append(append(diags, argDiags...), missing(decl.Attributes, content.Attributes, raw.DefRange)...)
	list := []nested{{decl: decl, name: prefix + decl.Name, rng: raw.DefRange, args: args}}
	seen := map[string]hclv2.Range{}
	for _, inner := range content.Blocks {
		if prior, twice := seen[inner.Type]; twice {
			diags = append(diags, fault(inner.DefRange, "Duplicate block", "There is already a %s block in this %s block, at %s:%d. Merge the two.", inner.Type, decl.Name, prior.Filename, prior.Start.Line))
			continue
		}
		seen[inner.Type] = inner.DefRange
		more, found := decodeNested(decl.Block(inner.Type), inner, owner, prefix+decl.Name+".")
		list, diags = append(list, more...), append(diags, found...)
	}
	return list, diags
}

func (d *decoder) repetition(b *repeated, attrs hclv2.Attributes) {
	forEach, count := attrs["for_each"], attrs["count"]
	if forEach != nil && count != nil {
		d.report(fault(count.NameRange, "for_each and count", "A block repeats by for_each or by count, not by both. Prefer for_each: its instances keep their names when one is removed."))
		return
	}
	if forEach != nil {
		b.forEach = forEach.Expr
	}
	if count != nil {
		b.count = count.Expr
	}
}

// gatewayNamed is the gateway an argument names, or the default when it is not written; nil
// when there is none.
func (d *decoder) gatewayNamed(a *hclv2.Attribute) *gateway {
	if a == nil {
		if len(d.m.gatewayOrder) > 0 {
			return d.m.gatewayOrder[0]
		}
		return nil
	}
	return d.gatewayOf(a.Expr)
}

// gatewayOf is the gateway that an expression names.
func (d *decoder) gatewayOf(expr hclv2.Expression) *gateway {
	t, diags := hclv2.AbsTraversalForExpr(expr)
	name := ""
	if !diags.HasErrors() && len(t) == 2 && t.RootName() == "gateway" {
		if step, ok := t[1].(hclv2.TraverseAttr); ok {
			name = step.Name
		}
	}
	if name == "" {
		d.report(fault(expr.Range(), "Invalid gateway", "A gateway is named by its block: write gateway.NAME, without quotes and without further attributes."))
		return nil
	}
	g := d.m.gateways[name]
	if g == nil {
		way := fmt.Sprintf("Declare it with gateway %q { … }.", name)
		if d.m.path != "" {
			way = fmt.Sprintf("Pass it to the module: gateways = { %s = gateway.NAME }.", name)
		}
		d.report(fault(expr.Range(), "Unknown gateway", "There is no gateway %q.%s %s", name, didYouMean(name, d.m.gatewayNames()), way))
	}
	return g
}

func (m *module) gatewayNames() []string { return slices.Sorted(maps.Keys(m.gateways)) }

// dependsOn reads depends_on: a list of references to blocks or instances.
func (d *decoder) dependsOn(n *node, expr hclv2.Expression) {
	items, diags := hclv2.ExprList(expr)
	if diags.HasErrors() {
		d.report(fault(expr.Range(), "Invalid depends_on", "depends_on is a list of blocks, such as [key.orders, alias.orders]."))
		return
	}
	for _, item := range items {
		t, diags := hclv2.AbsTraversalForExpr(item)
		if diags.HasErrors() {
			d.report(fault(item.Range(), "Invalid depends_on", "depends_on names blocks, such as key.orders, without quotes or functions around them."))
			continue
		}
		r, problem := d.m.objectReference(t, "")
		if t.RootName() == "module" {
			r, problem = d.m.moduleOrder(t)
		}
		switch {
		case problem != nil:
			d.report(problem)
		case r == nil:
			d.report(fault(item.Range(), "Invalid depends_on", "depends_on names managed and data blocks and modules only, such as key.orders or module.keys."))
		default:
			r.order = true
			n.refs = append(n.refs, *r)
		}
	}
}

func (d *decoder) lifecycle(b *block, raw *hclv2.Block) {
	t := d.read(&kind.Lifecycle, raw.Body)
	if v, ok := t.static["prevent_destroy"]; ok {
		prevent := v.True()
		b.lifecycle.PreventDestroy = &prevent
	}
	if a := t.attrs["ignore_changes"]; a != nil {
		d.ignoreChanges(b, a)
	}
	b.pre = d.conditions(&kind.Lifecycle, t.blocks, Precondition)
	b.post = d.conditions(&kind.Lifecycle, t.blocks, Postcondition)
	if choice := t.text("on_immutable_change"); choice != "" {
		b.lifecycle.OnImmutableChange = choice
	}
	if a := t.attrs["on_immutable_change"]; a != nil && b.lifecycle.OnImmutableChange == "succeed" && !b.kind.Succeeds {
		d.report(fault(a.Expr.Range(), "Nothing succeeds this", `Only a key gets a successor. Write on_immutable_change = "error" for %s, or leave it out.`, b.addr))
	}
	if choice := t.text("on_foreign_version"); choice != "" {
		b.lifecycle.OnForeignVersion = choice
	}
	if a := t.attrs["on_foreign_version"]; a != nil && (b.addr.Kind != "secret" || b.addr.Data) {
		d.report(fault(a.NameRange, "Unused argument", "on_foreign_version is about the versions of a secret, and %s has none. Remove it.", b.addr))
	}
}

// ignoreChanges reads a list of attributes, or of elements of one such as tags["team"], or the
// word all.
func (d *decoder) ignoreChanges(b *block, a *hclv2.Attribute) {
	l := &b.lifecycle
	if hclv2.ExprAsKeyword(a.Expr) == "all" {
		l.IgnoreChanges = []string{"all"}
		return
	}
	items, diags := hclv2.ExprList(a.Expr)
	if diags.HasErrors() {
		d.report(fault(a.Expr.Range(), "Invalid ignore_changes", `ignore_changes is a list of attributes, such as [description, tags["team"]], or the word all.`))
		return
	}
	for _, item := range items {
		switch name, key, isElement := d.ignored(b, item); {
		case name == "":
		case !isElement:
			l.IgnoreChanges = append(l.IgnoreChanges, name)
		case l.IgnoreKeys == nil:
			l.IgnoreKeys = map[string][]string{name: {key}}
		default:
			l.IgnoreKeys[name] = append(l.IgnoreKeys[name], key)
		}
	}
}

// ignored reads one attribute, as a name or as a text, or one element of a map attribute.
func (d *decoder) ignored(b *block, item hclv2.Expression) (name, key string, isElement bool) {
	t, diags := hclv2.AbsTraversalForExpr(item)
	switch v, _ := item.Value(nil); {
	case !diags.HasErrors():
		name = t.RootName()
	case v.IsKnown() && !v.IsNull() && v.Type() == stringType:
		name = v.AsString()
	default:
		d.report(fault(item.Range(), "Invalid ignore_changes", `An element of ignore_changes is an attribute, such as description, or a map's element, such as tags["team"].`))
		return "", "", false
	}
	decl := b.kind.Attribute(name)
	if decl == nil || decl.Mode == kind.Computed {
		d.report(fault(item.Range(), "Invalid ignore_changes", "There is no argument %q in %s blocks.%s", name, b.kind.Name, didYouMean(name, settable(b.kind))))
		return "", "", false
	}
	if len(t) < 2 {
		return name, "", false
	}
	key, ok := mapKey(t[1])
	if !ok || len(t) > 2 || !decl.Type.IsMapType() {
		d.report(fault(item.Range(), "Invalid ignore_changes", `ignore_changes names whole attributes, or elements of a map such as tags["team"]. Write %s.`, name))
		return "", "", false
	}
	return name, key, true
}

// mapKey is the key that a step takes from a map: tags["team"] or tags.team.
func mapKey(step hclv2.Traverser) (string, bool) {
	switch step := step.(type) {
	case hclv2.TraverseAttr:
		return step.Name, true
	case hclv2.TraverseIndex:
		if step.Key.Type() == stringType {
			return step.Key.AsString(), true
		}
	}
	return "", false
}

func settable(k *kind.Kind) []string {
	var names []string
	for _, a := range k.Attributes {
		if a.Mode != kind.Computed {
			names = append(names, a.Name)
		}
	}
	return slices.Clip(names)
}
