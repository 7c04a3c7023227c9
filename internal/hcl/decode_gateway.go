package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/kind"
)

// gateway is one gateway block, parsed.
type gateway struct {
	node
	decl *Gateway
	args map[string]gatewayArg // "region", "instance.ca_file", "instance.client_key.password" …
}

type gatewayArg struct {
	decl *kind.Attribute
	expr hclv2.Expression
}

func (d *decoder) gateway(b *hclv2.Block) {
	name := b.Labels[0]
	if prior := d.m.gateways[name]; prior != nil {
		d.report(duplicate(b.DefRange, "gateway", name, prior.rng))
		return
	}
	g := &gateway{
		node: node{m: d.m, name: "gateway." + name, rng: b.DefRange},
		decl: &Gateway{Name: name, Range: b.DefRange, Ranges: map[string]hclv2.Range{}},
		args: map[string]gatewayArg{},
	}
	d.m.gateways[name] = g
	d.m.gatewayOrder = append(d.m.gatewayOrder, g)
	d.config.Gateways = append(d.config.Gateways, g.decl)
	d.gatewayPart(g, b.Body, &kind.Gateway, "")
	d.gatewayRoles(g)
}

// gatewayPart collects the arguments of one level and goes down.
func (d *decoder) gatewayPart(g *gateway, body hclv2.Body, decl *kind.Block, prefix string) {
	t := d.read(decl, body)
	for _, a := range t.attrs {
		g.args[prefix+a.Name] = gatewayArg{decl.Attribute(a.Name), a.Expr}
		g.decl.Ranges[prefix+a.Name] = a.Expr.Range()
	}
	for _, inner := range t.blocks {
		g.decl.Ranges[prefix+inner.Type] = inner.DefRange
		d.gatewayPart(g, inner.Body, decl.Block(inner.Type), prefix+inner.Type+".")
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
