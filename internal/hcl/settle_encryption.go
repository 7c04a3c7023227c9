package hcl

import (
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// encryptionArgs is the encryption block, parsed.
type encryptionArgs struct {
	attrs hclv2.Attributes
}

// settleEncryption evaluates the encryption block, once variables are known.
func (m *module) settleEncryption(e *Encryption, imports []Import) hclv2.Diagnostics {
	if m.encryption == nil {
		return nil
	}
	attrs := m.encryption.attrs
	var diags hclv2.Diagnostics
	if a := attrs["key"]; a != nil {
		diags = append(diags, m.staticText(a.Expr, "The key of encryption", "encryption needs a key that this stack does not manage, known before anything is planned: its id, an alias name or an ARN.", &e.Key)...)
	}
	known := map[string]cty.Value{}
	for name, typ := range map[string]cty.Type{"context": cty.Map(cty.String), "recipients": cty.List(cty.String)} {
		a := attrs[name]
		if a == nil {
			continue
		}
		v, found := m.static(a.Expr, typ, name+" of encryption")
		diags = append(diags, found...)
		plain, marks := v.UnmarkDeep()
		switch {
		case found.HasErrors() || plain.IsNull():
		case secret(marks):
			diags = append(diags, fault(a.Expr.Range(), "Sensitive value not allowed", "%s can be read in every envelope, so it cannot be sensitive.", name))
		case !plain.IsWhollyKnown():
			if !m.in.AllowMissing {
				diags = append(diags, fault(a.Expr.Range(), "Value not known yet", "%s of encryption must be known before anything is planned. Use variables and literals only.", name))
			}
		default:
			known[name] = plain
			if err := kind.Settings.Block("encryption").Attribute(name).Check(plain); err != nil {
				diags = append(diags, fault(a.Expr.Range(), "Invalid value", "%s", err))
			}
		}
	}
	if err := kind.Settings.Block("encryption").Attribute("key").Check(cty.StringVal(e.Key)); err != nil && e.Key != "" {
		diags = append(diags, fault(attrs["key"].Expr.Range(), "Invalid value", "%s", err))
	}
	e.fill(known)
	if attrs["key"] == nil && e.Enabled {
		diags = append(diags, fault(e.Range, "Missing key", "encryption needs a key: its id, an alias name or an ARN. To keep everything unencrypted, write enabled = false."))
	}
	if own := m.declaredKey(e, imports); own != "" && !safety.Off(safety.SealKeyElsewhere) {
		diags = append(diags, fault(attrs["key"].Expr.Range(), "Key of this stack",
			"%s names %s, which this stack itself declares. The key must exist before anything is planned, and outlive the stack: name one that is kept elsewhere, in another stack or by hand.", e.Key, own))
	}
	return diags
}

// declaredKey is the address under which the module itself declares what the encryption's key names: an alias of
// that name, or what one of its imports takes up, on a gateway that may lead to the same place. "" = none.
func (m *module) declaredKey(e *Encryption, imports []Import) string {
	name := e.Key
	if i := strings.LastIndex(name, ":"); strings.HasPrefix(name, "acs:") {
		name = strings.TrimPrefix(name[i+1:], "key/") // an ARN: acs:kms:REGION:ACCOUNT:key/ID or …:alias/NAME
	}
	if name == "" {
		return ""
	}
	same := func(b *block) bool { return b != nil && !e.Gateway.Elsewhere(b.gatewayDecl()) }
	for _, b := range m.blockOrder {
		if b.addr.Data || b.addr.Kind != "alias" || !same(b) {
			continue
		}
		for _, in := range b.instances {
			if in.body != nil && text(*in.body, "name") == name {
				return in.addr.String()
			}
		}
	}
	for _, im := range imports {
		if im.ID == name && im.To.Kind != "secret" && same(m.all[im.To.Block()]) {
			return im.To.String()
		}
	}
	return ""
}

func (e *Encryption) fill(known map[string]cty.Value) {
	if v, ok := known["context"]; ok {
		e.Context = map[string]string{}
		for k, text := range v.AsValueMap() {
			if !text.IsNull() {
				e.Context[k] = text.AsString()
			}
		}
	}
	if v, ok := known["recipients"]; ok {
		for _, r := range v.AsValueSlice() {
			if !r.IsNull() {
				e.Recipients = append(e.Recipients, r.AsString())
			}
		}
	}
}

// staticText evaluates an expression over variables and static locals into a text that is
// known, not empty and not sensitive; wanted is the sentence for one that is not.
func (m *module) staticText(expr hclv2.Expression, what, wanted string, to *string) hclv2.Diagnostics {
	v, diags := m.static(expr, cty.String, what)
	v, marks := v.Unmark()
	switch {
	case diags.HasErrors():
	case secret(marks):
		diags = append(diags, fault(expr.Range(), "Sensitive value not allowed", "%s appears in plans, so it cannot be sensitive.", what))
	case !v.IsKnown() || v.IsNull() || v.AsString() == "":
		if !m.in.AllowMissing {
			diags = append(diags, fault(expr.Range(), "Missing value", "%s", wanted))
		}
	default:
		*to = v.AsString()
	}
	return diags
}
