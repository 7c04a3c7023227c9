package hcl

import (
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"kmsplan.dev/kmsplan/internal/kind"
)

// paths are the gateway's written arguments, in a fixed order.
func (g *gateway) paths() []string {
	var paths []string
	for p := range g.args {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// settleGateway evaluates a gateway's arguments into its declaration.
func (s session) settleGateway(g *gateway) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	text := map[string]string{}
	for _, path := range g.paths() {
		v, found := s.gatewayArgument(g, path)
		diags = append(diags, found...)
		if path == "instance.client_key.password" {
			g.decl.Instance.ClientKey.Password = v.Mark(Sensitive)
			continue
		}
		if v.IsKnown() && !v.IsNull() {
			text[path] = v.AsString()
		}
	}
	g.fill(text)
	if stand := s.m.in.Gateway; stand != nil {
		stand(g.decl)
	}
	s.m.settledGateways[g.decl.Name] = g.object()
	return append(diags, g.check(text)...)
}

// gatewayArgument evaluates one argument, a text that is known now and, but for the
// password, not sensitive. Null is as good as left out.
func (s session) gatewayArgument(g *gateway, path string) (cty.Value, hclv2.Diagnostics) {
	unknown, at := cty.UnknownVal(cty.String), g.decl.Ranges[path]
	if g.broken {
		return unknown, nil
	}
	raw, diags := value(g.args[path].expr, s.scope(g.refs, nil, nil), g.secretive)
	if diags.HasErrors() {
		return unknown, diags
	}
	v, marks := raw.UnmarkDeep()
	v, err := convert.Convert(v, cty.String)
	password := path == "instance.client_key.password"
	switch {
	case err != nil:
		return unknown, append(diags, fault(at, "Incorrect type", "%s needs a text.", path))
	case secret(marks) && !password:
		return unknown, append(diags, fault(at, "Sensitive value not allowed", "%s of a gateway is not kept secret, so it cannot hold a sensitive or ephemeral value.", path))
	case password && v.IsNull():
		return unknown, append(diags, fault(g.rng, "Missing required argument", "The client key's password is null. Give it from a variable with sensitive = true and ephemeral = true."))
	case !v.IsKnown() && !s.m.in.AllowMissing && !s.waits(g.refs):
		return unknown, append(diags, fault(at, "Value not known yet", "%s of a gateway must be known before anything is planned, and this depends on something that is not.", path))
	case password && written(g.args[path].expr):
		diags = append(diags, breach(kind.RuleOf(kind.PasswordNotWritten), g.rng, "The client key's password stands in the configuration, for everyone who can read it. Take it from a variable with sensitive = true and ephemeral = true."))
	}
	return v, diags
}

// written reports whether an expression is a text that stands in the source, with no
// reference in it.
func written(expr hclv2.Expression) bool {
	if len(expr.Variables()) > 0 {
		return false
	}
	calls := false
	if native, ok := expr.(hclsyntax.Node); ok {
		_ = hclsyntax.VisitAll(native, func(n hclsyntax.Node) hclv2.Diagnostics {
			_, call := n.(*hclsyntax.FunctionCallExpr)
			calls = calls || call
			return nil
		})
	}
	return !calls
}

func (g *gateway) fill(text map[string]string) {
	d := g.decl
	d.Region = text["region"]
	if d.Public != nil {
		d.Public.Connection, d.Public.Profile = connection("public.", text), text["public.profile"]
	}
	if d.Instance != nil {
		d.Instance.Connection, d.Instance.ID = connection("instance.", text), text["instance.id"]
		if d.Instance.ClientKey != nil {
			d.Instance.ClientKey.File = text["instance.client_key.file"]
			if d.Instance.ClientKey.Password == cty.NilVal {
				d.Instance.ClientKey.Password = cty.UnknownVal(cty.String).Mark(Sensitive)
			}
		}
	}
	if d.Emulator != nil {
		d.Emulator.ReadyFile, d.Emulator.Seed = text["emulator.ready_file"], text["emulator.seed"]
		if p := text["emulator.path"]; p != "" {
			d.Emulator.Path = p
		}
	}
}

// connection reads how one of the gateways is reached. What is wrong with it check says.
func connection(prefix string, text map[string]string) Connection {
	timeout, _ := kind.ParseDuration(text[prefix+"timeout"])
	return Connection{
		Endpoint: text[prefix+"endpoint"], CAFile: text[prefix+"ca_file"], CA: text[prefix+"ca"], Timeout: timeout, Proxy: text[prefix+"proxy"],
	}
}

// object is the gateway's value as far as loading knows it.
func (g *gateway) object() cty.Value {
	instance := cty.NullVal(GatewayType.AttributeType("instance"))
	region := cty.StringVal(g.decl.Region)
	switch {
	case g.decl.Emulator != nil:
		instance = cty.ObjectVal(map[string]cty.Value{"id": cty.UnknownVal(cty.String)})
		if g.decl.Region == "" {
			region = cty.UnknownVal(cty.String)
		}
	case g.decl.Instance != nil && g.decl.Instance.ID == "":
		instance = cty.ObjectVal(map[string]cty.Value{"id": cty.UnknownVal(cty.String)})
	case g.decl.Instance != nil:
		instance = cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(g.decl.Instance.ID)})
	}
	return cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal(g.decl.Name), "region": region, "instance": instance})
}

// check holds the arguments against what the service accepts.
func (g *gateway) check(text map[string]string) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	at := g.decl.Ranges
	if _, isWritten := at["region"]; !isWritten && g.decl.Emulator == nil {
		diags = append(diags, fault(g.rng, "Missing required argument", `A gateway needs its region, such as region = "cn-hangzhou".`))
	}
	for _, path := range g.paths() {
		given, ok := text[path]
		decl := g.args[path].decl
		if !ok || decl.Check == nil || given == "" && decl.Mode != kind.Required && path != "region" {
			continue
		}
		if err := decl.Check(cty.StringVal(given)); err != nil {
			where := at[path]
			if decl.Name == "proxy" {
				where = g.rng // its line may hold a password
			}
			diags = append(diags, fault(where, "Invalid "+decl.Name, "%s", err))
		}
	}
	for _, part := range []string{"public.", "instance."} {
		if text[part+"ca"] != "" && text[part+"ca_file"] != "" {
			diags = append(diags, fault(at[part+"ca"], "Conflicting arguments", "ca is the certificate and ca_file a file of it. Remove one of them."))
		}
	}
	if text["emulator.ready_file"] != "" {
		for _, other := range []string{"emulator.path", "emulator.seed"} {
			if text[other] != "" {
				diags = append(diags, fault(at[other], "Conflicting arguments", "With ready_file kmsplan attaches to a running emulator, which has its own data. Remove %s, or ready_file.", other[len("emulator."):]))
			}
		}
	}
	return diags
}
