package draft

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Place is the gateway that an object lives on.
type Place struct {
	Gateway  string // what a block says; "" = it is the module's default
	Instance string // of the gateway; "" = none
	Account  string
}

// UnknownInstance is the instance of a gateway that does not run: each object says in words where it is.
const UnknownInstance = "?"

// usual reports whether an object has what the service gives a new one that says nothing about the attribute: then its
// block says nothing either.
func usual(k *kind.Kind, at *kind.Attribute, o *plan.Object, where Place) bool {
	v := o.Attrs[at.Name]
	if at.Name == "instance" {
		return text(v) == where.Instance
	}
	if v == cty.NilVal || v.IsNull() {
		return true
	}
	if at.Name == "policy" && at.Default != nil {
		return plan.Same(at, nameless(at.Default(where.Account)), nameless(v))
	}
	if at.Default != nil {
		return plan.Same(at, at.Default(where.Account), v)
	}
	return chosen(o, at.Name) != "" && text(v) == chosen(o, at.Name)
}

// statementID is the name of a policy's statement, which the vendor's documentation leaves open for the default one.
var statementID = pattern.New(`"Sid"\s*:\s*"kms default[^"]*"`)

// nameless is a policy whose default statement has no name of its own.
func nameless(policy cty.Value) cty.Value {
	return cty.StringVal(statementID.ReplaceAllString(text(policy), `"Sid":""`))
}

// chosen is what the service chooses where the kind's table leaves the choice to it; "" = it is not to be told.
func chosen(o *plan.Object, attr string) string {
	switch o.Kind + "." + attr {
	case plan.KindKey + ".spec":
		return kind.DefaultSpec
	case plan.KindKey + ".usage":
		if spec, ok := kind.LookupSpec(text(o.Attrs["spec"])); ok {
			return spec.Usages[0]
		}
	case plan.KindKey + ".origin":
		return kind.OriginKMS
	case plan.KindKey + ".protection_level":
		if text(o.Attrs["instance"]) != "" {
			return text(o.Attrs["protection_level"])
		}
		return "SOFTWARE"
	case plan.KindSecret + ".type":
		return kind.SecretGeneric
	}
	return ""
}

func text(v cty.Value) string {
	if v == cty.NilVal || v.IsMarked() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}
