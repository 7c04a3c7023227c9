package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
)

// gateway is one gateway block, parsed.
type gateway struct {
	node
	decl *Gateway
	args map[string]hclv2.Expression // "region", "instance.ca_file", "instance.client_key.password" …
}

// gatewayPart is one level of a gateway block.
type gatewayPart struct {
	attributes []hclv2.AttributeSchema
	blocks     map[string]gatewayPart
}

var gatewayShape = gatewayPart{
	attributes: []hclv2.AttributeSchema{{Name: "region"}},
	blocks: map[string]gatewayPart{
		"public": {attributes: []hclv2.AttributeSchema{{Name: "endpoint"}, {Name: "ca_file"}, {Name: "profile"}}},
		"instance": {
			attributes: []hclv2.AttributeSchema{{Name: "id", Required: true}, {Name: "endpoint"}, {Name: "ca_file"}},
			blocks: map[string]gatewayPart{
				"client_key": {attributes: []hclv2.AttributeSchema{{Name: "file", Required: true}, {Name: "password", Required: true}}},
			},
		},
		"emulator": {attributes: []hclv2.AttributeSchema{{Name: "path"}, {Name: "ready_file"}, {Name: "seed"}}},
	},
}

func (p gatewayPart) schema() *hclv2.BodySchema {
	s := &hclv2.BodySchema{Attributes: p.attributes}
	for _, name := range []string{"public", "instance", "emulator", "client_key"} {
		if _, ok := p.blocks[name]; ok {
			s.Blocks = append(s.Blocks, hclv2.BlockHeaderSchema{Type: name})
		}
	}
	return s
}

func (d *decoder) gateway(b *hclv2.Block) {
	name := b.Labels[0]
	if prior := d.m.gateways[name]; prior != nil {
		d.report(duplicate(b.DefRange, "gateway", name, prior.rng))
		return
	}
	g := &gateway{
		node: node{name: "gateway." + name, rng: b.DefRange},
		decl: &Gateway{Name: name, Range: b.DefRange, Ranges: map[string]hclv2.Range{}},
		args: map[string]hclv2.Expression{},
	}
	d.m.gateways[name] = g
	d.m.gatewayOrder = append(d.m.gatewayOrder, g)
	d.config.Gateways = append(d.config.Gateways, g.decl)
	d.gatewayPart(g, b.Body, gatewayShape, "")
	d.gatewayRoles(g)
}

// gatewayPart collects the arguments of one level and goes down.
func (d *decoder) gatewayPart(g *gateway, body hclv2.Body, shape gatewayPart, prefix string) {
	content, diags := contentOf(body, shape.schema())
	d.report(diags...)
	for _, a := range sortedAttributes(content.Attributes) {
		g.args[prefix+a.Name] = a.Expr
		g.decl.Ranges[prefix+a.Name] = a.Expr.Range()
	}
	for _, inner := range content.Blocks {
		path := prefix + inner.Type
		if prior, twice := g.decl.Ranges[path]; twice {
			d.report(fault(inner.DefRange, "Duplicate block", "There is already a %s block in this gateway, at %s:%d.", inner.Type, prior.Filename, prior.Start.Line))
			continue
		}
		g.decl.Ranges[path] = inner.DefRange
		d.gatewayPart(g, inner.Body, shape.blocks[inner.Type], path+".")
	}
}

// gatewayRoles settles which of the roles a gateway has.
func (d *decoder) gatewayRoles(g *gateway) {
	_, public := g.decl.Ranges["public"]
	_, instance := g.decl.Ranges["instance"]
	emulator, emulated := g.decl.Ranges["emulator"]
	switch {
	case emulated && (public || instance):
		d.report(fault(emulator, "Conflicting gateway blocks", "An emulator stands for both gateways. Remove public and instance, or remove emulator."))
	case !emulated && !public && !instance:
		d.report(fault(g.rng, "Gateway without a role",
			"A gateway needs a public {} block for management, an instance { id = \"…\" } block for key operations, or both; or emulator {} to try kmsplan without an account."))
	}
	if public {
		g.decl.Public = &PublicGateway{}
	}
	if instance {
		g.decl.Instance = &InstanceGateway{}
		if _, ok := g.decl.Ranges["instance.client_key"]; ok {
			g.decl.Instance.ClientKey = &ClientKey{}
		}
	}
	if emulated {
		g.decl.Emulator = &EmulatorGateway{Path: defaultEmulatorPath}
	}
}

const defaultEmulatorPath = ".kmsplan/emulator"
