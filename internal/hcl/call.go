package hcl

import (
	"path"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// call is one module block: a module that is called, once or for each of several.
type call struct {
	repeated
	label    string
	dir      string // of the called module, relative to the root's, slash-separated; "" where the source is wrong
	at       hclv2.Range
	source   *calledSource // nil where it cannot be called
	args     map[string]*callArgument
	gateways map[string]*gateway // by the names that the called module has for them; nil = those of the caller
	order    []*gateway          // of gateways, as written
	orders   []reference         // depends_on

	children map[string]*module // by the instances' keys
	state    progress           // of its expansion

	// outputBlocks are the blocks that any output of any instance depends on.
	outputBlocks []addr.Address
}

// callArgument is the value that a call gives a variable.
type callArgument struct {
	node
	expr hclv2.Expression
}

// progress is how far something is that is done when it is first asked for.
type progress int

const (
	waiting progress = iota
	underWay
	done
)

// module decodes a module block; names in it are unresolved, and its source is not read yet.
func (d *decoder) module(b *hclv2.Block) {
	label := b.Labels[0]
	if prior := d.m.calls[label]; prior != nil {
		d.report(duplicate(b.DefRange, "module", label, prior.rng))
		return
	}
	c := &call{
		repeated: repeated{node: node{m: d.m, name: d.m.named("module." + label), rng: b.DefRange}, byKey: map[string]*instance{}},
		label:    label, args: map[string]*callArgument{}, children: map[string]*module{},
	}
	d.m.calls[label] = c
	d.m.callOrder = append(d.m.callOrder, c)
	attrs, diags := b.Body.JustAttributes()
	d.report(diags...)
	for _, a := range sortedAttributes(attrs) {
		a.Expr = native(a.Expr)
		d.callArgument(c, a)
	}
	d.repetition(&c.repeated, attrs)
	if attrs["source"] == nil {
		d.report(fault(b.DefRange, "Missing required argument", `A module block needs a source: the module's directory, such as source = "./modules/keys".`))
	}
	d.later = append(d.later, func() { d.callLater(c, attrs) })
}

func (d *decoder) callArgument(c *call, a *hclv2.Attribute) {
	switch decl := kind.Module.Attribute(a.Name); {
	case decl == nil:
		c.args[a.Name] = &callArgument{node: node{m: d.m, name: c.name + "." + a.Name, rng: a.Range}, expr: a.Expr}
	case decl.Refused != "":
		d.report(fault(a.NameRange, "Unsupported argument", "%s", decl.Refused))
	case a.Name == "source":
		d.callSource(c, a)
	}
}

// callSource reads where the module is: a directory, written out.
func (d *decoder) callSource(c *call, a *hclv2.Attribute) {
	v, ok := d.literal(a, stringType)
	if !ok {
		return
	}
	c.at = a.Expr.Range()
	if why := remoteSource(v.AsString()); why != "" {
		d.report(fault(c.at, "Invalid module source", "%s", why))
		return
	}
	c.dir = path.Join(d.m.dir, v.AsString())
}

// remoteSource says why a source is no directory that is written as one, or "".
func remoteSource(source string) string {
	switch {
	case source == "." || source == ".." || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../"):
		return ""
	case strings.HasPrefix(source, "/") || strings.Contains(source, `\`) || len(source) > 1 && source[1] == ':':
		return "A module's source is a path from the module that calls it, with slashes, such as ./modules/keys or ../shared: a path of this machine would mean something else on another."
	case strings.Contains(source, "://") || strings.Contains(source, "::") || strings.HasPrefix(source, "git@") || strings.Count(source, "/") > 1 || strings.Contains(strings.SplitN(source, "/", 2)[0], "."):
		return "kmsplan downloads no modules: what decides about keys is read from the repository that was reviewed, and from nowhere else. Put the module's files there, as a copy or a git submodule, and name its directory, such as ./modules/keys."
	}
	return "A module's source begins with ./ or ../, such as ./modules/keys. kmsplan downloads no modules, from a registry or elsewhere: what decides about keys is read from the repository that was reviewed."
}

// callLater resolves what names gateways and blocks.
func (d *decoder) callLater(c *call, attrs hclv2.Attributes) {
	if a := attrs["depends_on"]; a != nil {
		n := &node{}
		d.dependsOn(n, a.Expr)
		c.orders = n.refs
	}
	if a := attrs["gateways"]; a != nil {
		d.callGateways(c, a.Expr)
	}
}

// callGateways reads gateways = { NAME = gateway.NAME }: which gateways the module has, and under which names. The first is
// its default.
func (d *decoder) callGateways(c *call, expr hclv2.Expression) {
	pairs, diags := hclv2.ExprMap(expr)
	if diags.HasErrors() {
		d.report(fault(expr.Range(), "Invalid gateways", "gateways says under which name the module has which gateway: gateways = { main = gateway.hangzhou }."))
		return
	}
	if len(pairs) == 0 {
		d.report(fault(expr.Range(), "Invalid gateways", "A module needs a gateway. Leave gateways out, and it has those of its caller."))
	}
	c.gateways = map[string]*gateway{}
	for _, p := range pairs {
		name, _ := p.Key.Value(nil)
		if name.Type() != stringType || !name.IsKnown() || name.IsNull() {
			d.report(fault(p.Key.Range(), "Invalid gateways", "The name of a gateway is written out: gateways = { main = gateway.hangzhou }."))
			continue
		}
		if g := d.gatewayOf(p.Value); g != nil {
			if c.gateways[name.AsString()] == nil {
				c.order = append(c.order, g)
			}
			c.gateways[name.AsString()] = g
		}
	}
}

// like takes over what was found out about the same call when the files that it stands in were read.
func (c *call) like(known *call) {
	c.source = known.source
	for name, arg := range known.args {
		c.args[name].broken = arg.broken
	}
}
