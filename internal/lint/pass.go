package lint

import (
	"fmt"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// pass is one rule at work.
type pass struct {
	Input
	module *module
	rule   *Rule
	found  []Finding

	running  []*Rule   // of this run
	comments []*ignore // of the module
}

// report records that the rule is broken.
func (p *pass) report(at hclv2.Range, address, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.found = append(p.found, Finding{Rule: p.rule, Address: address, Message: text, Range: at, same: moduleInstance.ReplaceAllString(text, "module.$1.")})
}

// moduleInstance is the key of a module's instance in an address.
var moduleInstance = pattern.New(`module\.([\pL_][\pL\pN_-]*)\[[^\]]*\]\.`)

// about records that a block's instance breaks the rule: at the argument where it is written, at the header otherwise.
func (p *pass) about(in *instance, argument, format string, args ...any) {
	p.report(in.at(argument), in.addr.String(), format, args...)
}

// instance is one evaluated instance of a block.
type instance struct {
	addr  addr.Address
	block *hcl.Block
	body  hcl.Body
	kind.Values
}

// at is where an argument stands, or the block's header: it is not written, or its text may be a secret.
func (in *instance) at(argument string) hclv2.Range {
	decl := in.block.Kind.Attribute(argument)
	if r, ok := in.body.Ranges[argument]; ok && (decl == nil || !decl.WriteOnly) {
		return r
	}
	return in.block.Range
}

// known is the value of an argument that is written, known and not null, unmarked.
func (in *instance) known(argument string) (cty.Value, bool) {
	v, ok := in.Attrs[argument]
	if !ok || v == cty.NilVal {
		return cty.NilVal, false
	}
	v, _ = v.UnmarkDeep()
	return v, v.IsKnown() && !v.IsNull()
}

// unset reports whether an argument is left out or null: what is not known yet counts as set.
func (in *instance) unset(argument string) bool { return !in.Set(argument) }

// texts are the known texts of a set, a list or a map's values.
func texts(v cty.Value) []string {
	var out []string
	if v == cty.NilVal {
		return nil
	}
	v, _ = v.UnmarkDeep()
	if !v.IsKnown() || v.IsNull() || !v.CanIterateElements() {
		return nil
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); e.IsKnown() && !e.IsNull() && e.Type() == cty.String {
			out = append(out, e.AsString())
		}
	}
	return out
}
