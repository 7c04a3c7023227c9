package hcl

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Described is a configuration as it is written, in the form that Terraform's plan JSON has for it: gateways stand for providers.
// It is for readers of plans and decides nothing. It has no sensitive constant: none of a sensitive or ephemeral variable or
// output, none of a write-only argument, and none that flows into one through variables and locals.
type Described struct {
	Gateways map[string]DescribedGateway `json:"provider_config"`
	Root     DescribedModule             `json:"root_module"`
}

// DescribedGateway is a gateway block.
type DescribedGateway struct {
	Name        string               `json:"name"` // kmsplan, as of every object's provider
	Alias       string               `json:"alias"`
	Expressions DescribedExpressions `json:"expressions,omitempty"`
}

// DescribedModule is a module, once for all its instances.
type DescribedModule struct {
	Outputs   map[string]DescribedOutput   `json:"outputs,omitempty"`
	Resources []DescribedResource          `json:"resources,omitempty"`
	Calls     map[string]DescribedCall     `json:"module_calls,omitempty"`
	Variables map[string]DescribedVariable `json:"variables,omitempty"`
}

// DescribedOutput is an output block.
type DescribedOutput struct {
	Sensitive   bool                `json:"sensitive,omitempty"`
	Expression  DescribedExpression `json:"expression"`
	Description string              `json:"description,omitempty"`
}

// DescribedResource is a managed, data or ephemeral block, once for all its instances.
type DescribedResource struct {
	Address     string               `json:"address"` // relative to its module
	Mode        string               `json:"mode"`
	Type        string               `json:"type"`
	Name        string               `json:"name"`
	GatewayKey  string               `json:"provider_config_key,omitempty"`
	Expressions DescribedExpressions `json:"expressions,omitempty"`
	Schema      int                  `json:"schema_version"`
	ForEach     *DescribedExpression `json:"for_each_expression,omitempty"`
	Count       *DescribedExpression `json:"count_expression,omitempty"`
	DependsOn   []string             `json:"depends_on,omitempty"`
}

// DescribedCall is a module block.
type DescribedCall struct {
	Source      string               `json:"source"` // the directory, relative to the root's
	Expressions DescribedExpressions `json:"expressions,omitempty"`
	ForEach     *DescribedExpression `json:"for_each_expression,omitempty"`
	Count       *DescribedExpression `json:"count_expression,omitempty"`
	Module      DescribedModule      `json:"module"`
}

// DescribedVariable is a variable block.
type DescribedVariable struct {
	Default     json.RawMessage `json:"default,omitempty"`
	Description string          `json:"description,omitempty"`
	Sensitive   bool            `json:"sensitive,omitempty"`
}

// DescribedExpressions are a DescribedExpression for each argument, and a list of such maps for each nested block.
type DescribedExpressions map[string]any

// DescribedExpression is what is known of an expression without evaluating it: its value where it is a literal, or else what
// it refers to, each from the most specific to the least.
type DescribedExpression struct {
	Constant   json.RawMessage `json:"constant_value,omitempty"`
	References []string        `json:"references,omitempty"`
}

// Described describes the configuration.
func (c *Config) Described() *Described {
	d := &Described{Gateways: map[string]DescribedGateway{}}
	if c.module == nil {
		return d
	}
	hidden := hiddenNodes(c.module.tree)
	for _, g := range c.module.gatewayOrder {
		d.Gateways[g.decl.Name] = DescribedGateway{"kmsplan", g.decl.Name, g.described("")}
	}
	d.Root = c.module.described(hidden)
	return d
}

func (m *module) described(hidden hiding) (d DescribedModule) {
	for _, o := range m.outputOrder {
		if d.Outputs == nil {
			d.Outputs = map[string]DescribedOutput{}
		}
		d.Outputs[o.decl.Name] = DescribedOutput{o.decl.Sensitive, describe(o.expr, o.decl.Sensitive || o.decl.Ephemeral || hidden.hides(&o.node)), o.decl.Description}
	}
	for _, b := range m.blockOrder {
		if b.kind.Batch() {
			continue // a batch is no resource
		}
		d.Resources = append(d.Resources, b.described())
	}
	for _, c := range m.callOrder {
		if d.Calls == nil {
			d.Calls = map[string]DescribedCall{}
		}
		d.Calls[c.label] = c.described(hidden)
	}
	for name, v := range m.variables {
		if d.Variables == nil {
			d.Variables = map[string]DescribedVariable{}
		}
		out := DescribedVariable{Description: v.description, Sensitive: v.sensitive || v.ephemeral}
		if v.def != cty.NilVal && !out.Sensitive && !hidden.hides(&v.node) {
			out.Default = plainJSON(v.def)
		}
		d.Variables[name] = out
	}
	return d
}

func (b *block) described() DescribedResource {
	a := b.local()
	r := DescribedResource{Address: a.String(), Mode: "managed", Type: a.Kind, Name: a.Name, Expressions: DescribedExpressions{}}
	switch {
	case a.Ephemeral:
		r.Mode = "ephemeral"
	case a.Data:
		r.Mode = "data"
	}
	if b.gateway != nil {
		r.GatewayKey = b.gateway.decl.Name
	}
	describeArguments(r.Expressions, b.attrs)
	for _, n := range b.nested {
		inner := DescribedExpressions{}
		describeArguments(inner, n.args)
		r.Expressions[n.decl.Name] = []DescribedExpressions{inner}
	}
	r.ForEach, r.Count = describeIf(b.forEach), describeIf(b.count)
	content, _, _ := b.body.PartialContent(&hclv2.BodySchema{Attributes: []hclv2.AttributeSchema{{Name: "depends_on"}}})
	if on := content.Attributes["depends_on"]; on != nil {
		list, _ := hclv2.ExprList(on.Expr)
		for _, e := range list {
			if t, diags := hclv2.AbsTraversalForExpr(e); !diags.HasErrors() {
				r.DependsOn = append(r.DependsOn, writtenReference(t))
			}
		}
	}
	return r
}

func (c *call) described(hidden hiding) DescribedCall {
	d := DescribedCall{Source: "./" + c.dir, Expressions: DescribedExpressions{}, ForEach: describeIf(c.forEach), Count: describeIf(c.count)}
	var modules []*module // the same files, in several places
	for _, key := range slices.Sorted(maps.Keys(c.children)) {
		modules = append(modules, c.children[key])
	}
	if len(modules) == 0 && c.source != nil && c.source.pattern != nil {
		modules, hidden = append(modules, c.source.pattern), nil
	}
	for name, a := range c.args {
		secret := slices.ContainsFunc(modules, func(m *module) bool {
			v := m.variables[name]
			return v != nil && (v.sensitive || v.ephemeral || hidden.hides(&v.node))
		})
		d.Expressions[name] = describe(a.expr, secret)
	}
	if len(modules) > 0 {
		d.Module = modules[0].described(hidden)
	}
	return d
}

// described are a gateway's arguments at one level: those whose names begin with prefix.
func (g *gateway) described(prefix string) DescribedExpressions {
	out := DescribedExpressions{}
	for name := range g.decl.Ranges {
		rest, at := strings.CutPrefix(name, prefix)
		if !at || strings.Contains(rest, ".") {
			continue
		}
		if arg, leaf := g.args[name]; leaf {
			out[rest] = describe(arg.expr, arg.decl == nil || arg.decl.WriteOnly)
			continue
		}
		out[rest] = []DescribedExpressions{g.described(name + ".")}
	}
	return out
}

func describeArguments(into DescribedExpressions, args []argument) {
	for i := range args {
		into[args[i].decl.Name] = describe(args[i].expr, args[i].decl.WriteOnly)
	}
}
