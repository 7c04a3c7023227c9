package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
)

// movedGateway reads a moved block of a gateway, and reports whether it is one.
func (d *decoder) movedGateway(at hclv2.Range, t table) bool {
	from, isFrom := gatewayLabel(t.attrs["from"])
	to, isTo := gatewayLabel(t.attrs["to"])
	switch {
	case !isFrom && !isTo:
		return false
	case t.attrs["from"] == nil || t.attrs["to"] == nil:
	case d.called:
		d.report(fault(at, "Block of the root module", "A module that is called has no moved block of a gateway: %s", rootOnly["gateway"]))
	case !isFrom || !isTo:
		d.report(fault(at, "Moved to another kind", "A moved block renames one thing: from and to are both gateways, written gateway.OLD and gateway.NEW, or both not."))
	case from == "" || to == "":
		d.report(fault(at, "Invalid gateway", "A gateway is named by its block: write gateway.NAME, without further attributes."))
	case from == to:
		d.report(fault(at, "Moved to itself", "from and to are both gateway.%s. Remove the block.", from))
	default:
		d.config.MovedGateways = append(d.config.MovedGateways, MovedGateway{From: from, To: to, Range: at})
	}
	return true
}

// gatewayLabel is the name in gateway.NAME, "" where something else follows, and whether a gateway is meant at all.
func gatewayLabel(a *hclv2.Attribute) (name string, ok bool) {
	if a == nil {
		return "", false
	}
	t, diags := hclv2.AbsTraversalForExpr(a.Expr)
	if diags.HasErrors() || t.RootName() != "gateway" {
		return "", false
	}
	if len(t) != 2 {
		return "", true
	}
	step, _ := t[1].(hclv2.TraverseAttr)
	return step.Name, true
}

// movedGateways checks that moved blocks of gateways fit the gateways that exist.
func (d *decoder) movedGateways() {
	seen := map[string]bool{}
	for _, m := range d.config.MovedGateways {
		if g := d.m.gateways[m.From]; g != nil {
			d.report(fault(m.Range, "Moved from a block that exists", "gateway.%s is still declared, at %s:%d, so it cannot have moved to gateway.%s. Rename the block, or remove this one.", m.From, g.rng.Filename, g.rng.Start.Line, m.To))
		}
		if seen[m.From] {
			d.report(fault(m.Range, "Duplicate moved block", "There is already a moved block from gateway.%s.", m.From))
		}
		seen[m.From] = true
		switch now := d.config.GatewayNow(m.From); {
		case now == "":
			d.report(fault(m.Range, "Moved in a circle", "The moved blocks lead from gateway.%s to gateway.%s and back. Remove the block that is not true.", m.From, m.To))
		case d.m.gateways[now] == nil:
			d.report(fault(m.Range, "Moved to a block that does not exist", "gateway.%s would be gateway.%s now, and there is no gateway %q.%s Declare it with gateway %q { … }, or correct the block.", m.From, now, now, didYouMean(now, d.m.gatewayNames()), now))
		}
	}
}

// GatewayNow is the name that a gateway has once moved blocks are followed, or "" when they lead in a circle.
func (c *Config) GatewayNow(name string) string {
	for range len(c.MovedGateways) + 1 {
		next := c.gatewayAfter(name)
		if next == "" {
			return name
		}
		name = next
	}
	return ""
}

// gatewayAfter is the next name of a gateway, "" when no block moves it.
func (c *Config) gatewayAfter(name string) string {
	for _, m := range c.MovedGateways {
		if m.From == name {
			return m.To
		}
	}
	return ""
}
