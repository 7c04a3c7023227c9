package engine_test

import (
	"encoding/json"
	"errors"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

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
		`[{"TagKey":"a","TagValue":"b"}]`, "365d", `[{"Key":"KeyState","Values":["Enabled"]}]`, enginetest.PolicyText,
		"", "a,b", "MjAw", "acs:kms:cn-hangzhou:1234567890123456:key/k", `["10.0.0.0/8"]`, `{"NetworkRules":["kmsplan"]}`, "\x00\xff",
	} {
		f.Add(uint(i), text)
	}
	w := enginetest.NewWorld(f)
	id := w.InstanceKey(nil)
	f.Fuzz(func(t *testing.T, which uint, text string) {
		p := parameters[which%uint(len(parameters))]
		in := enginetest.Fields{"KeyId": id, "DKMSInstanceId": w.E.Bootstrap().Instance, "EnableAutomaticRotation": true, "RegionId": "cn-hangzhou", "ResourceType": "key",
			"Name": "n", "AapName": "none", "KmsInstanceId": w.E.Bootstrap().Instance, "EnableDeletionProtection": true, p.name: text}
		if p.name == "ProtectedResourceArn" {
			delete(in, "KeyId")
			delete(in, "KmsInstanceId")
		}
		request := w.Operations[p.op].New()
		sent, err := json.Marshal(in)
		if err != nil {
			t.Skip()
		}
		_ = json.Unmarshal(sent, request) // fields the operation does not have are not sent
		c := w.Call
		_, err = w.Operations[p.op].Handle(w.E, &c, request)
		var refused *core.Error
		if err != nil && (!errors.As(err, &refused) || refused.Status >= 500) {
			t.Errorf("%s %s=%q: %v", p.op, p.name, text, err)
		}
	})
}
