package plan

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"
)

// ServiceDefault is what a written null asks for: the value the service gives a
// new object when the parameter is left out. NilVal where the service chooses
// (which protection level a key gets, for example). account fills the default key policy.
func ServiceDefault(attr, account string) cty.Value {
	switch attr {
	case "description", "deletion_protection_description":
		return cty.StringVal("")
	case "tags":
		return cty.MapValEmpty(cty.String)
	case "instance":
		return cty.NullVal(cty.String)
	case "policy":
		return cty.StringVal(DefaultPolicy(account))
	case "deletion_protection":
		return cty.False
	case "enabled":
		return cty.True // a new key can be used; the keys of a policy rotate
	}
	return cty.NilVal
}

// DefaultPolicy is the policy of a key nobody set one for: the account may do
// everything (KMS: key policy, PolicyName default).
func DefaultPolicy(account string) string {
	return fmt.Sprintf(`{"Version":"1","Statement":[{"Sid":"kms default key policy","Effect":"Allow",`+
		`"Principal":{"RAM":["acs:ram::%s:*"]},"Action":["kms:*"],"Resource":["*"]}]}`, account)
}
