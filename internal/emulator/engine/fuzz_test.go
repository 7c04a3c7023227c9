package engine_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// Whatever stands in a seed file, the engine takes it whole or refuses it with
// an error, and works on.
func FuzzSeed(f *testing.F) {
	f.Add(seedFile)
	f.Add(`{"keys":[{"id":"a","rotation_interval":"365d","versions":[{}]}]}`)
	f.Add(`{"secrets":[{"name":"s","versions":[{"id":"1","data":"\u0000"}]}]}`)
	f.Fuzz(func(t *testing.T, doc string) {
		w := newWorld(t)
		if _, err := w.e.SeedFrom(strings.NewReader(doc), true); err != nil {
			if n := w.do("ListKeys", nil)["TotalCount"]; n != 0.0 {
				t.Errorf("a refused seed left %v keys", n)
			}
		}
		w.do("ListKeys", nil)
		w.do("ListAliases", nil)
	})
}

// Parameters that hold documents of their own are taken or refused with a
// refusal of the service; nothing else comes back and nothing panics.
func FuzzDocumentParameters(f *testing.F) {
	parameters := []struct{ op, name string }{
		{"CreateKey", "Tags"}, {"CreateKey", "RotationInterval"}, {"ListKeys", "Filters"}, {"CreateKey", "Policy"},
		{"TagResource", "Tags"}, {"UntagResource", "TagKeys"}, {"ListTagResources", "NextToken"},
		{"SetKeyPolicy", "Policy"}, {"CreateNetworkRule", "SourcePrivateIp"}, {"CreatePolicy", "Permissions"},
		{"CreatePolicy", "Resources"}, {"CreatePolicy", "AccessControlRules"}, {"CreateApplicationAccessPoint", "Policies"},
		{"UpdateKmsInstanceBindVpc", "BindVpcs"}, {"DescribeKey", "KeyId"}, {"CreateAlias", "AliasName"},
		{"ImportKeyMaterial", "EncryptedKeyMaterial"}, {"ImportKeyMaterial", "ImportToken"},
		{"SetDeletionProtection", "ProtectedResourceArn"}, {"CreateClientKey", "Password"}, {"CreateClientKey", "NotBefore"},
	}
	for i, text := range []string{
		`[{"TagKey":"a","TagValue":"b"}]`, "365d", `[{"Key":"KeyState","Values":["Enabled"]}]`, policyText,
		"", "a,b", "MjAw", "acs:kms:cn-hangzhou:1234567890123456:key/k", `["10.0.0.0/8"]`, `{"NetworkRules":["kmsplan"]}`, "\x00\xff",
	} {
		f.Add(uint(i), text)
	}
	w := newWorld(f)
	id := w.instanceKey(nil)
	f.Fuzz(func(t *testing.T, which uint, text string) {
		p := parameters[which%uint(len(parameters))]
		in := fields{"KeyId": id, "DKMSInstanceId": w.e.Bootstrap().Instance, "EnableAutomaticRotation": true, "ResourceType": "key",
			"Name": "n", "AapName": "none", "KmsInstanceId": w.e.Bootstrap().Instance, "EnableDeletionProtection": true, p.name: text}
		if p.name == "ProtectedResourceArn" {
			delete(in, "KeyId")
			delete(in, "KmsInstanceId")
		}
		request := w.operations[p.op].New()
		sent, err := json.Marshal(in)
		if err != nil {
			t.Skip()
		}
		_ = json.Unmarshal(sent, request) // fields the operation does not have are not sent
		c := w.call
		_, err = w.operations[p.op].Handle(w.e, &c, request)
		var refused *engine.Error
		if err != nil && (!errors.As(err, &refused) || refused.Status >= 500) {
			t.Errorf("%s %s=%q: %v", p.op, p.name, text, err)
		}
	})
}
