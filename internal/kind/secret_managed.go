package kind

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// SecretGeneric is the secret type whose values kmsplan writes. KMS itself writes those of every other type, the
// first one apart.
const SecretGeneric = "Generic"

// managedType is what KMS says about one type of managed secrets (KMS: CreateSecret).
type managedType struct {
	prefix string              // of the names; "" = none that begins with acs/
	config map[string][]string // the fields of ExtendedConfig that it needs → what they may be; nil = any text
	list   string              // the member of the value that lists the credentials; "" = the value is one
	fields [][]string          // what a credential holds, one of these
	write  string              // an example
}

var databaseUsers = []string{"SingleUser", "DoubleUsers"}

var managedTypes = map[string]managedType{
	"Rds": {
		config: map[string][]string{"SecretSubType": databaseUsers, "DBInstanceId": nil},
		list:   "Accounts", fields: [][]string{{"AccountName", "AccountPassword"}},
		write: `jsonencode({ Accounts = [{ AccountName = "app", AccountPassword = var.password }] })`,
	},
	"Redis":   {config: map[string][]string{"SecretSubType": databaseUsers}, write: `jsonencode({ … }) with the account's name and password`},
	"PolarDB": {config: map[string][]string{"SecretSubType": databaseUsers}, write: `jsonencode({ … }) with the account's name and password`},
	"RAMCredentials": {
		prefix: "acs/ram/user/", config: map[string][]string{"SecretSubType": {"RamUserAccessKey"}, "UserName": nil},
		list: "AccessKeys", fields: [][]string{{"AccessKeyId", "AccessKeySecret"}},
		write: `jsonencode({ AccessKeys = [{ AccessKeyId = var.id, AccessKeySecret = var.secret }] })`,
	},
	"ECS": {
		prefix: "acs/ecs/", config: map[string][]string{"SecretSubType": {"Password", "SSHKey"}, "RegionId": nil, "InstanceId": nil},
		fields: [][]string{{"UserName", "Password"}, {"UserName", "PublicKey", "PrivateKey"}},
		write:  `jsonencode({ UserName = "root", Password = var.password })`,
	},
}

func secretTypes() []string {
	return append([]string{SecretGeneric}, slices.Sorted(maps.Keys(managedTypes))...)
}

// ManagedSecret reports whether KMS writes the values of secrets of that type.
func ManagedSecret(name string) bool { _, managed := managedTypes[name]; return managed }

// typeOf is the secret's type; ok is false while it is not known.
func typeOf(b Values) (name string, ok bool) {
	v, written := b.Attrs["type"]
	if !written || v.IsKnown() && v.IsNull() {
		return SecretGeneric, true
	}
	return b.String("type")
}

// managedValue looks at the first value as far as it is known, and repeats nothing of it.
func managedValue(b Values) (string, error) {
	name, ok := typeOf(b)
	t, managed := managedTypes[name]
	switch {
	case !ok || !managed:
		return "", nil
	case b.Blocks["generate"] != nil || b.Set("value_base64"):
		return "type", sentence("The first value of a secret of type %q is the credential that its target has, so it can be neither generated nor binary. Write value = %s.", name, t.write)
	}
	v, written := b.Attrs["value"]
	if !written {
		return "", nil
	}
	if v, _ = v.UnmarkDeep(); !v.IsKnown() || v.IsNull() || v.Type() != cty.String || t.holds(v.AsString()) {
		return "", nil
	}
	return "value", sentence("The value of a secret of type %q is a JSON document with the credential that its target has. Write value = %s.", name, t.write)
}

func (t managedType) holds(value string) bool {
	var doc map[string]any
	if json.Unmarshal([]byte(value), &doc) != nil || len(doc) == 0 {
		return false
	}
	credentials := []any{doc}
	if t.list != "" {
		credentials, _ = doc[t.list].([]any)
	}
	return len(credentials) > 0 && !slices.ContainsFunc(credentials, func(c any) bool { return !t.isCredential(c) })
}

func (t managedType) isCredential(c any) bool {
	object, _ := c.(map[string]any)
	return t.fields == nil || slices.ContainsFunc(t.fields, func(fields []string) bool {
		return !slices.ContainsFunc(fields, func(f string) bool { text, _ := object[f].(string); return text == "" })
	})
}

func managedConfig(b Values) (string, error) {
	name, ok := typeOf(b)
	if !ok {
		return "", nil
	}
	t, managed := managedTypes[name]
	for _, attr := range []string{"extended_config", "custom_data"} {
		if !managed && b.Set(attr) {
			return attr, sentence("A generic secret has no %s. Write the type of a managed secret, such as type = \"Rds\", or leave %s out; tags are for every secret.", attr, attr)
		}
	}
	v, written := b.Attrs["extended_config"]
	if !managed || !written || v.IsNull() || !v.IsKnown() || v.IsMarked() {
		return "", nil
	}
	return "extended_config", t.checkConfig(name, v.AsValueMap())
}

func (t managedType) checkConfig(name string, config map[string]cty.Value) error {
	for _, field := range slices.Sorted(maps.Keys(t.config)) {
		v, written := config[field]
		if written && (!v.IsKnown() || v.IsMarked()) {
			continue
		}
		text := ""
		if written && !v.IsNull() {
			text = v.AsString()
		}
		switch values := t.config[field]; {
		case text == "":
			return sentence("extended_config of a secret of type %q needs %s.", name, strings.Join(slices.Sorted(maps.Keys(t.config)), ", "))
		case values != nil && !slices.Contains(values, text):
			return sentence("%s of a secret of type %q is %s; %q is none of them.", field, name, strings.Join(values, " or "), text)
		}
	}
	return nil
}

func nameFitsType(b Values) (string, error) {
	name, known := b.String("name")
	of, ok := typeOf(b)
	if !known || !ok {
		return "", nil
	}
	switch prefix := managedTypes[of].prefix; {
	case prefix == "" && strings.HasPrefix(name, "acs/"):
		return "name", sentence(`The secret name %q starts with "acs/", which is reserved for secrets of the types RAMCredentials and ECS. Choose another name.`, name)
	case prefix != "" && (!strings.HasPrefix(name, prefix) || name == prefix):
		return "name", sentence("The name of a secret of type %q begins with %q and goes on. Rename it.", of, prefix)
	}
	return "", nil
}

// The limits of KMS: CreateSecret, ExtendedConfig.
const (
	maxCustomData     = 10
	maxExtendedConfig = 1024
)

func checkExtendedConfig(v cty.Value) error {
	if err := checkConfigTexts("extended_config", v); err != nil {
		return err
	}
	if _, custom := v.AsValueMap()["CustomData"]; custom {
		return sentence("CustomData has an argument of its own. Write custom_data = { … }.")
	}
	return nil
}

func checkCustomData(v cty.Value) error {
	if n := v.LengthInt(); n > maxCustomData {
		return sentence("custom_data has at most %d pairs; this one has %d.", maxCustomData, n)
	}
	return checkConfigTexts("custom_data", v)
}

func checkConfigTexts(attr string, v cty.Value) error {
	size := 2
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if key.AsString() == "" || value.IsKnown() && value.IsNull() {
			return sentence("A name in %s is empty, or its value null. Leave it out, or give both a text.", attr)
		}
		size += len([]rune(key.AsString())) + 6
		if value.IsKnown() && !value.IsMarked() {
			size += len([]rune(value.AsString()))
		}
	}
	if size > maxExtendedConfig {
		return sentence("A secret's configuration has at most %d characters as JSON; %s alone has %d.", maxExtendedConfig, attr, size)
	}
	return nil
}

// holdsAll reports whether a live configuration holds what is configured, whatever the service added.
func holdsAll(configured, live cty.Value) bool {
	have := live.AsValueMap()
	for name, v := range configured.AsValueMap() {
		if got, ok := have[name]; !ok || !got.RawEquals(v) {
			return false
		}
	}
	return true
}
