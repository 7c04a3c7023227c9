package kind

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// AliasPrefix starts every alias name.
const AliasPrefix = "alias/"

// How many an account has in a region, unless a quota was raised (KMS: product limits).
const (
	MostAliases     = 300
	MostDefaultKeys = 200 // outside instances
)

var (
	aliasPattern    = pattern.New(`^alias/[A-Za-z0-9_/-]{1,255}$`)
	reservedAlias   = pattern.New(`^alias/acs(/|$)`)
	secretPattern   = pattern.New(`^[A-Za-z0-9_/+=.@-]{1,192}$`)
	instancePattern = pattern.New(`^kst-[A-Za-z0-9*-]{3,60}$`)
)

// KMS: CreateAlias.
func checkAliasName(v cty.Value) error {
	name := v.AsString()
	switch {
	case !strings.HasPrefix(name, AliasPrefix):
		return sentence("An alias name starts with %q: write %q.", AliasPrefix, AliasPrefix+strings.TrimPrefix(name, "/"))
	case reservedAlias.MatchString(name):
		return sentence("The name %q is reserved: alias/acs belongs to Alibaba Cloud's own keys. Choose another name.", name)
	case !aliasPattern.MatchString(name):
		return sentence(`The alias name %q is not allowed: after "alias/" come 1 to 255 letters, digits, _, - and /.`, name)
	}
	return nil
}

// KMS: CreateSecret.
func checkSecretName(v cty.Value) error {
	if name := v.AsString(); !secretPattern.MatchString(name) {
		return sentence("The secret name %q is not allowed: 1 to 192 letters, digits and _ / + = . @ -.", name)
	}
	return nil
}

func checkInstance(v cty.Value) error {
	if !instancePattern.MatchString(v.AsString()) {
		return sentence(`%q is no KMS instance id; one looks like "kst-hzz65f176a0ogplgq1234". Write gateway.NAME.instance.id, or null for no instance.`, v.AsString())
	}
	return nil
}

// checkKeyID wants what CreateAlias and UpdateRotationPolicy accept: a key id, no alias and no ARN.
func checkKeyID(v cty.Value) error {
	id := v.AsString()
	switch {
	case id == "":
		return sentence("The key id is empty. Write key.NAME.id.")
	case strings.HasPrefix(id, AliasPrefix):
		return sentence("%q is an alias, and KMS wants the key's id here. Write key.NAME.id.", id)
	case strings.HasPrefix(id, "acs:"):
		return sentence("%q is an ARN, and KMS wants the key's id here. Write key.NAME.id, or the part after the last slash.", id)
	}
	return nil
}

// checkKeyIDs is checkKeyID for a set.
func checkKeyIDs(v cty.Value) error {
	if v.LengthInt() == 0 {
		return sentence("The set of keys is empty. Name at least one key, or remove the block.")
	}
	for it := v.ElementIterator(); it.Next(); {
		_, id := it.Element()
		if id.IsNull() {
			return sentence("A key id is null. Write key.NAME.id.")
		}
		if id.IsKnown() {
			if err := checkKeyID(id); err != nil {
				return err
			}
		}
	}
	return nil
}
