package kind

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// The permissions that an access policy can give (KMS: CreatePolicy).
const (
	PermissionKeys    = "RbacPermission/Template/CryptoServiceKeyUser"
	PermissionSecrets = "RbacPermission/Template/CryptoServiceSecretUser"
)

// SharedGateway is the instance of an access policy for what lives in no instance (KMS: CreatePolicy).
const SharedGateway = "shared"

// MostPolicies is how many access policies an access point binds (KMS: CreateApplicationAccessPoint).
const MostPolicies = 3

// accessName is what a network rule, an access policy or an access point may be called. The service documents no
// pattern; this one is within everything it shows.
var accessName = pattern.New(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

func checkAccessName(v cty.Value) error {
	if name := v.AsString(); !accessName.MatchString(name) {
		return sentence("The name %q is not allowed: 1 to 64 letters, digits and _ . -, of which the first is a letter or a digit.", name)
	}
	return nil
}

// accessNameAttribute is the name that the three kinds have, and by which the service knows them.
func accessNameAttribute() Attribute {
	return Attribute{Name: "name", Type: cty.String, Mode: Required, Immutable: true, PreImage: true, Doc: "1 to 64 letters, digits and `_ . -`. Unique in account and region.", Check: checkAccessName}
}

func accessDescription(call string) Attribute {
	return Attribute{Name: "description", Type: cty.String, Default: always(cty.StringVal("")), ChangedBy: []string{call}, PreImage: true, Doc: "What it is for, up to 8,192 characters.", Check: maxCharacters("A description", MaxDescription)}
}

func deletes(doc string) []Removal { return []Removal{forget, {Action: "delete", Doc: doc}} }

func networkRuleKind() *Kind {
	const update = "UpdateNetworkRule"
	return &Kind{
		Name: "network_rule", CreatedBy: "CreateNetworkRule", DeletedBy: "DeleteNetworkRule", Goes: true, RemovalRank: 7,
		Removals: deletes("nothing names it any more."),
		Doc:      "The addresses from which client keys may be used, named by access policies. One that policies still name is not deleted.",
		Attributes: []Attribute{
			accessNameAttribute(),
			{Name: "source_private_ip", Type: cty.Set(cty.String), Mode: Required, ChangedBy: []string{update}, PreImage: true, Doc: "The private addresses and CIDR blocks that are let in; at least one.", Check: checkSources},
			{Name: "type", Type: cty.String, Immutable: true, Doc: "`Private`, which is all there is.", Default: always(cty.StringVal("Private")), Check: oneOf("type of a network rule", "Private")},
			accessDescription(update),
			{Name: "arn", Type: cty.String, Mode: Computed, Doc: "The rule's ARN."},
		},
	}
}

func accessPolicyKind() *Kind {
	const update = "UpdatePolicy"
	return &Kind{
		Name: "access_policy", CreatedBy: "CreatePolicy", DeletedBy: "DeletePolicy", Goes: true, RemovalRank: 6,
		Removals: deletes("no access point binds it any more."),
		Doc: "What applications with client keys may do in an instance (KMS: CreatePolicy, the permission policy of application access points). " +
			"One that access points still bind is not deleted.",
		Attributes: []Attribute{
			accessNameAttribute(),
			{Name: "instance", Type: cty.String, Immutable: true, PreImage: true, Doc: "The KMS instance it is for, `gateway.NAME.instance.id`. Left out: the gateway's instance. `\"shared\"`: what lives in no instance.", Refers: instanceIDs, Check: checkPolicyInstance},
			{Name: "permissions", Type: cty.Set(cty.String), Mode: Required, ChangedBy: []string{update}, PreImage: true, Doc: "`" + PermissionKeys + "` for keys, `" + PermissionSecrets + "` for secrets; at least one.", Check: checkPermissions},
			{Name: "resources", Type: cty.Set(cty.String), Mode: Required, ChangedBy: []string{update}, PreImage: true, Doc: "What it is about: `key/ID`, `secret/NAME`, with `*` for any characters, such as `\"key/${key.orders.id}\"`; at least one.", Check: checkResources},
			{Name: "network_rules", Type: cty.Set(cty.String), Default: always(cty.SetValEmpty(cty.String)), ChangedBy: []string{update}, PreImage: true, Doc: "The names of the network rules that let callers in, `network_rule.NAME.name`. Empty, or `null`: from anywhere.", Refers: []string{"network_rule.name"}, Check: checkAccessNames("network rule", 0, 0)},
			accessDescription(update),
			{Name: "arn", Type: cty.String, Mode: Computed, Doc: "The policy's ARN."},
		},
	}
}

func accessPointKind() *Kind {
	const update = "UpdateApplicationAccessPoint"
	return &Kind{
		Name: "application_access_point", CreatedBy: "CreateApplicationAccessPoint", DeletedBy: "DeleteApplicationAccessPoint", RemovalRank: 5,
		Protected: true,
		Removals:  deletes("it is deleted, once it has no client keys left: KMS would delete them along."),
		Doc:       "What an application signs in at: it binds access policies to client keys. It is never deleted because its block was removed, and not while it has client keys.",
		Attributes: []Attribute{
			accessNameAttribute(),
			{Name: "policies", Type: cty.Set(cty.String), Mode: Required, ChangedBy: []string{update}, PreImage: true, Doc: "The names of one to three access policies, `access_policy.NAME.name`.", Refers: []string{"access_policy.name"}, Check: checkAccessNames("access policy", 1, MostPolicies)},
			{Name: "authentication_method", Type: cty.String, Immutable: true, Doc: "`ClientKey`, which is all there is.", Default: always(cty.StringVal("ClientKey")), Check: oneOf("authentication method", "ClientKey")},
			accessDescription(update),
			{Name: "arn", Type: cty.String, Mode: Computed, Doc: "The access point's ARN."},
		},
	}
}

// eachText checks the texts of a set; null is none.
func eachText(v cty.Value, what string, check func(string) error) error {
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() {
			return sentence("One %s is null. Leave it out.", what)
		}
		if e.IsKnown() {
			if err := check(e.AsString()); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkSources(v cty.Value) error {
	if v.LengthInt() == 0 {
		return sentence("The set of addresses is empty, and such a rule lets nobody in. Name at least one address or CIDR block.")
	}
	return eachText(v, "address", func(s string) error {
		_, address := netip.ParseAddr(s)
		_, block := netip.ParsePrefix(s)
		if address != nil && block != nil {
			return sentence("%q is no address and no CIDR block. Write one such as %q or %q.", s, "192.168.10.7", "192.168.10.0/24")
		}
		return nil
	})
}

func checkPermissions(v cty.Value) error {
	if v.LengthInt() == 0 {
		return sentence("The set of permissions is empty, and such a policy grants nothing. Name %q or %q.", PermissionKeys, PermissionSecrets)
	}
	one := oneOf("permission of an access policy", PermissionKeys, PermissionSecrets)
	return eachText(v, "permission", func(s string) error { return one(cty.StringVal(s)) })
}

func checkResources(v cty.Value) error {
	if v.LengthInt() == 0 {
		return sentence(`The set of resources is empty, and such a policy grants nothing. Name one such as "key/${key.NAME.id}" or "secret/*".`)
	}
	return eachText(v, "resource", func(s string) error {
		if s == "*" || len(s) > len("key/") && strings.HasPrefix(s, "key/") || len(s) > len("secret/") && strings.HasPrefix(s, "secret/") {
			return nil
		}
		return sentence(`%q is no resource of an access policy. Write "key/ID", "secret/NAME", or a pattern such as "key/*".`, s)
	})
}

func checkPolicyInstance(v cty.Value) error {
	if v.AsString() == SharedGateway {
		return nil
	}
	return checkInstance(v)
}

// checkAccessNames wants least to most names; a most of 0 is no bound.
func checkAccessNames(what string, least, most int) func(cty.Value) error {
	return func(v cty.Value) error {
		if n := v.LengthInt(); n < least || most > 0 && n > most {
			return sentence("An access point binds %d to %d access policies; these are %d.", least, most, n)
		}
		return eachText(v, "name of "+article(what), func(s string) error { return checkAccessName(cty.StringVal(s)) })
	}
}

func article(what string) string {
	if slices.Contains([]byte("aeiou"), what[0]) {
		return fmt.Sprintf("an %s", what)
	}
	return fmt.Sprintf("a %s", what)
}
