package engine_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// These are the calls that the vendor's Terraform provider makes in its own
// acceptance tests, with their values and in their order: what it creates, reads
// back, changes and finds gone. The values are facts of those tests.

// TestProviderAccessPoints binds policies that nobody made. Case E1.
func TestProviderAccessPoints(t *testing.T) {
	w := enginetest.NewWorld(t)
	const name = "tf-testacccn-hangzhoukmsapplicationaccesspoint12345"
	for _, created := range []enginetest.Fields{
		{"Name": name, "Policies": `["abc","efg","hfc"]`, "AuthenticationMethod": "ClientKey"},
		{"Name": name + "_update", "Description": "asfdsfads", "Policies": `["guaguagua","efg","hfc"]`, "AuthenticationMethod": "ClientKey"},
	} {
		w.Do("CreateApplicationAccessPoint", created)
		read := enginetest.Fields{"Name": created["Name"]}
		if got := w.Do("DescribeApplicationAccessPoint", read); got["Policies"] != created["Policies"] || got["AuthenticationMethod"] != "ClientKey" {
			t.Errorf("created %v", got)
		}
		for _, change := range []enginetest.Fields{
			{"Description": "test aap", "Policies": `["abc","efg","hfc"]`},
			{"Description": "asfdsfads", "Policies": `["abc","efg","hfc"]`},
			{"Description": "asfdsfads", "Policies": `["guaguagua"]`},
		} {
			w.Do("UpdateApplicationAccessPoint", enginetest.Merge(read, change))
			if got := w.Do("DescribeApplicationAccessPoint", read); got["Description"] != change["Description"] || got["Policies"] != change["Policies"] {
				t.Errorf("%v: %v", change, got)
			}
		}
		w.Do("DeleteApplicationAccessPoint", read)
		w.Refused("Forbidden.ResourceNotFound", 404, "DescribeApplicationAccessPoint", read)
	}
}

// TestProviderPolicies writes policies of the shared gateway with network rules that
// nobody made, and one without a permission. Case E2.
func TestProviderPolicies(t *testing.T) {
	w := enginetest.NewWorld(t)
	const both = `["RbacPermission/Template/CryptoServiceKeyUser","RbacPermission/Template/CryptoServiceSecretUser"]`
	rule := func(n string) string {
		return `{"NetworkRules":["alicloud_kms_network_rule.networkRule` + n + `.network_rule_name"]}`
	}
	read := enginetest.Fields{"Name": "tf-testacccn-hangzhoukmspolicy12345"}
	w.Do("CreatePolicy", enginetest.Merge(read, enginetest.Fields{"Permissions": both, "Resources": `["secret/*","key/*"]`, "KmsInstance": "shared", "AccessControlRules": rule("1")}))
	for _, change := range []enginetest.Fields{
		{"Description": "terraform测试policy", "Permissions": both, "Resources": `["secret/*","key/*"]`},
		{"Permissions": `[]`, "Resources": `["secret/*","key/*"]`},
		{"Permissions": `[]`, "Resources": `["key/*"]`},
		{"Permissions": `[]`, "Resources": `["key/*"]`, "AccessControlRules": rule("2")},
		{"Permissions": `["RbacPermission/Template/CryptoServiceSecretUser"]`, "Resources": `["key/a*","key/b*"]`, "AccessControlRules": rule("3")},
		{"Permissions": `["RbacPermission/Template/CryptoServiceSecretUser","RbacPermission/Template/CryptoServiceSecretUser"]`, "Resources": `["key/a*","key/b*","key/c*"]`},
	} {
		w.Do("UpdatePolicy", enginetest.Merge(read, change))
		got := w.Do("DescribePolicy", read)
		permissions, _ := got["Permissions"].([]any)
		if len(permissions) != strings.Count(change["Permissions"].(string), "Rbac") || got["KmsInstance"] != "shared" {
			t.Errorf("%v: %v", change, got)
		}
		if rules, changed := change["AccessControlRules"]; changed && got["AccessControlRules"] != rules {
			t.Errorf("%v: %v", change, got)
		}
	}
	w.Do("DeletePolicy", read)
	w.Refused("Forbidden.ResourceNotFound", 404, "DescribePolicy", read)
	w.Refused("Forbidden.DKMSInstanceNotFound", 404, "CreatePolicy", enginetest.Merge(read, enginetest.Fields{"Permissions": both, "Resources": `["key/*"]`, "KmsInstance": "kst-none"}))
}

// TestPoliciesOfNobodyGrantNothing: what may be bound without existing lets nobody
// do anything where policies count. Cases E1 and E2.
func TestPoliciesOfNobodyGrantNothing(t *testing.T) {
	w := enginetest.NewWorld(t, func(o *core.Options) { o.Strict = true })
	key := w.InstanceKey(nil)
	for point, policies := range map[string]string{"nobody": `["none"]`, "shared": `["shared"]`, "nowhere": `["nowhere"]`} {
		if point != "nobody" {
			instance := "shared"
			if point == "nowhere" {
				instance = w.E.Bootstrap().Instance
			}
			w.Do("CreatePolicy", enginetest.Fields{"Name": point, "KmsInstance": instance, "Permissions": `["RbacPermission/Template/CryptoServiceKeyUser"]`, "Resources": `["key/*"]`,
				"AccessControlRules": map[string]any{"shared": nil, "nowhere": `{"NetworkRules":["none"]}`}[point]})
		}
		w.Do("CreateApplicationAccessPoint", enginetest.Fields{"Name": point, "Policies": policies})
		id := w.Do("CreateClientKey", enginetest.Fields{"AapName": point, "Password": "YouPassword123!"})["ClientKeyId"].(string)
		c := w.Call
		c.Gateway, c.ClientKey, c.Instance, c.Source = core.Instance, id, w.E.Bootstrap().Instance, netip.MustParseAddr("10.0.0.1")
		_, err := engine.InstanceOperations()["Encrypt"].Handle(w.E, &c, &dkms.EncryptRequest{KeyId: key, Plaintext: []byte("x")})
		var refused *core.Error
		if !errors.As(err, &refused) || refused.Code != "Forbidden.NoPermission" {
			t.Errorf("%s: %v", point, err)
		}
	}
}

func TestProviderClientKeys(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Do("CreateApplicationAccessPoint", enginetest.Fields{"Name": "aap", "Description": "aap", "Policies": `["aaa"]`, "AuthenticationMethod": "ClientKey"})
	made := w.Do("CreateClientKey", enginetest.Fields{"AapName": "aap", "Password": "YouPassword123!", "NotBefore": "2023-09-01T14:11:22Z", "NotAfter": "2028-09-01T14:11:22Z"})
	read := enginetest.Fields{"ClientKeyId": made["ClientKeyId"]}
	if got := w.Do("GetClientKey", read); got["NotBefore"] != "2023-09-01T14:11:22Z" || got["NotAfter"] != "2028-09-01T14:11:22Z" || got["AapName"] != "aap" || got["CreateTime"] == "" {
		t.Errorf("%v", got)
	}
	w.Do("DeleteClientKey", read)
	w.Refused("Forbidden.ResourceNotFound", 404, "GetClientKey", read)
}

func TestProviderNetworkRules(t *testing.T) {
	w := enginetest.NewWorld(t)
	const three = `["10.10.10.10/24","192.168.17.13","100.177.24.254"]`
	read := enginetest.Fields{"Name": "tf-testacccn-hangzhoukmsnetworkrule12345_update"}
	w.Do("CreateNetworkRule", enginetest.Merge(read, enginetest.Fields{"SourcePrivateIp": three, "Type": "Private"}))
	for _, change := range []enginetest.Fields{
		{"Description": "test-description", "SourcePrivateIp": three},
		{"Description": "test-description-update", "SourcePrivateIp": three},
		{"SourcePrivateIp": `["71.71.71.71"]`},
	} {
		w.Do("UpdateNetworkRule", enginetest.Merge(read, change))
		if got := w.Do("DescribeNetworkRule", read); got["SourcePrivateIp"] != change["SourcePrivateIp"] || got["Type"] != "Private" {
			t.Errorf("%v: %v", change, got)
		}
	}
	w.Do("DeleteNetworkRule", read)
	w.Refused("Forbidden.ResourceNotFound", 404, "DescribeNetworkRule", read)
}

// TestProviderKeys walks a default key and an instance's through the provider's
// steps, a rotation of 605800s included. Case E6.
func TestProviderKeys(t *testing.T) {
	for _, inInstance := range []bool{false, true} {
		w := enginetest.NewWorld(t)
		const name = "tf-testacckmskey12345"
		create := enginetest.Fields{
			"KeyUsage": "ENCRYPT/DECRYPT", "Origin": "Aliyun_KMS", "KeySpec": "Aliyun_AES_256", "ProtectionLevel": "SOFTWARE",
			"EnableAutomaticRotation": true, "RotationInterval": "605800s", "Description": name,
		}
		policy := `{"Statement": [{"Action": ["kms:*"],"Effect": "Allow","Principal": {"RAM": ["acs:ram::` + w.Call.Account + `:*"]},"Resource": ["*"],"Sid": "Key"}],"Version": "1"}`
		if inInstance {
			create["DKMSInstanceId"], create["Policy"] = w.E.Bootstrap().Instance, policy
		}
		id := w.Key(create)
		key := enginetest.Fields{"KeyId": id}
		shows := func(want enginetest.Fields) {
			t.Helper()
			got := w.Metadata(id)
			for name, v := range want {
				if got[name] != v {
					t.Errorf("%s = %v, want %v", name, got[name], v)
				}
			}
		}
		shows(enginetest.Fields{"AutomaticRotation": "Enabled", "RotationInterval": "605800s", "ProtectionLevel": "SOFTWARE", "Description": name, "KeyState": "Enabled"})
		w.Do("UpdateRotationPolicy", enginetest.Merge(key, enginetest.Fields{"EnableAutomaticRotation": false}))
		shows(enginetest.Fields{"AutomaticRotation": "Disabled", "RotationInterval": nil})
		w.Do("UpdateRotationPolicy", enginetest.Merge(key, enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "605800s"}))
		shows(enginetest.Fields{"AutomaticRotation": "Enabled", "RotationInterval": "605800s"})
		for _, described := range []string{"", name} {
			w.Do("SetDeletionProtection", enginetest.Fields{"ProtectedResourceArn": w.Metadata(id)["Arn"], "EnableDeletionProtection": true, "DeletionProtectionDescription": described})
			shows(enginetest.Fields{"DeletionProtection": "Enabled"})
		}
		w.Do("SetDeletionProtection", enginetest.Fields{"ProtectedResourceArn": w.Metadata(id)["Arn"], "EnableDeletionProtection": false})
		shows(enginetest.Fields{"DeletionProtection": "Disabled"})
		if inInstance {
			w.Do("SetKeyPolicy", enginetest.Merge(key, enginetest.Fields{"Policy": policy, "PolicyName": "default"}))
			if got := w.Do("GetKeyPolicy", key)["Policy"]; got != policy {
				t.Errorf("policy %v", got)
			}
		} else {
			w.Refused("Forbidden.ResourceNotFound", 404, "GetKeyPolicy", key)
		}
		w.Do("DisableKey", key)
		shows(enginetest.Fields{"KeyState": "Disabled", "AutomaticRotation": "Suspended"})
		w.Do("EnableKey", key)
		bulk := enginetest.Fields{"RegionId": w.Call.Region, "ResourceType": "key", "ResourceId": []string{id}}
		w.Do("TagResources", enginetest.Merge(bulk, enginetest.Fields{"Tag": []enginetest.Fields{{"Key": "Created", "Value": "TF"}, {"Key": "For", "Value": "Test"}}}))
		if got := enginetest.List(w.Do("ListTagResources", bulk), "TagResources.TagResource"); len(got) != 2 {
			t.Errorf("tags %v", got)
		}
		w.Do("UntagResources", enginetest.Merge(bulk, enginetest.Fields{"TagKey": []string{"Created", "For"}}))
		w.Do("ScheduleKeyDeletion", enginetest.Merge(key, enginetest.Fields{"PendingWindowInDays": 7}))
		shows(enginetest.Fields{"KeyState": "PendingDeletion"})
		w.Advance(enginetest.Days(7))
		w.Refused("Forbidden.KeyNotFound", 404, "DescribeKey", key)
	}
}

// TestProviderSecrets walks a secret outside any instance, and a managed one within,
// through the provider's steps.
func TestProviderSecrets(t *testing.T) {
	w := enginetest.NewWorld(t)
	const name = "tf-testAccKmsSecret12345"
	secret := enginetest.Fields{"SecretName": name}
	w.Do("CreateSecret", enginetest.Merge(secret, enginetest.Fields{"SecretData": name, "VersionId": "v1"}))
	w.Do("PutSecretValue", enginetest.Merge(secret, enginetest.Fields{"SecretData": name + "-update", "VersionId": "v2"}))
	w.Do("PutSecretValue", enginetest.Merge(secret, enginetest.Fields{"SecretData": name + "-update", "VersionId": "v3", "SecretDataType": "binary"}))
	w.Do("UpdateSecret", enginetest.Merge(secret, enginetest.Fields{"Description": name}))
	w.Do("PutSecretValue", enginetest.Merge(secret, enginetest.Fields{"SecretData": name + "-update", "VersionId": "v5", "SecretDataType": "binary", "VersionStages": `["ACSCurrent","ACSNext"]`}))
	got := w.Do("GetSecretValue", enginetest.Merge(secret, enginetest.Fields{"VersionStage": "ACSNext"}))
	if got["VersionId"] != "v5" || got["SecretData"] != name+"-update" || got["SecretDataType"] != "binary" {
		t.Errorf("%v", got)
	}
	w.Do("DeleteSecret", enginetest.Merge(secret, enginetest.Fields{"ForceDeleteWithoutRecovery": "false", "RecoveryWindowInDays": "7"}))
	w.Advance(enginetest.Days(7))
	w.Refused("Forbidden.ResourceNotFound", 404, "DescribeSecret", secret)

	instance, key := w.E.Bootstrap().Instance, w.InstanceKey(nil)
	policy := `{"Statement": [{"Action": ["kms:*"],"Effect": "Allow","Principal": {"RAM": ["acs:ram::` + w.Call.Account + `:*"]},"Resource": ["*"],"Sid": "Secret"}],"Version": "1"}`
	for _, made := range []enginetest.Fields{
		{"SecretName": name, "SecretType": "Rds", "SecretData": `{"Accounts":[{"AccountName":"tf-testAcc","AccountPassword":"YourPassword12345!"}]}`,
			"ExtendedConfig": enginetest.Fields{"CustomData": enginetest.Fields{"tf-testAcc": "tf-testAcc"}, "DBInstanceId": "rm-1", "SecretSubType": "SingleUser"}},
		{"SecretName": "acs/ecs/" + name, "SecretType": "ECS", "SecretData": `{"UserName":"tf-testAcc","Password":"YourPassword12345!"}`,
			"ExtendedConfig": enginetest.Fields{"CommandId": "", "CustomData": enginetest.Fields{"tf-testAcc": "tf-testAcc"}, "InstanceId": "i-1", "RegionId": w.Call.Region, "SecretSubType": "Password"}},
	} {
		secret := enginetest.Fields{"SecretName": made["SecretName"]}
		w.Do("CreateSecret", enginetest.Merge(made, enginetest.Fields{"VersionId": "v1", "SecretDataType": "text", "EncryptionKeyId": key, "DKMSInstanceId": instance, "Policy": policy}))
		w.Do("UpdateSecretRotationPolicy", enginetest.Merge(secret, enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "605800s"}))
		if got := w.Do("DescribeSecret", secret); got["AutomaticRotation"] != "Enabled" || got["RotationInterval"] != "605800s" {
			t.Errorf("%v", got)
		}
		w.Do("UpdateSecretRotationPolicy", enginetest.Merge(secret, enginetest.Fields{"EnableAutomaticRotation": false}))
		w.Do("SetSecretPolicy", enginetest.Merge(secret, enginetest.Fields{"Policy": policy, "PolicyName": "default"}))
		if got := w.Do("GetSecretPolicy", secret)["Policy"]; got != policy {
			t.Errorf("%v", got)
		}
		w.Do("DeleteSecret", enginetest.Merge(secret, enginetest.Fields{"ForceDeleteWithoutRecovery": "true"}))
		w.Refused("Forbidden.ResourceNotFound", 404, "DescribeSecret", secret)
	}
}
