package engine_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// These are the calls that the vendor's Terraform provider makes in its own
// acceptance tests, with their values and in their order: what it creates, reads
// back, changes and finds gone. The values are facts of those tests.

// TestProviderAccessPoints binds policies that nobody made. Case E1.
func TestProviderAccessPoints(t *testing.T) {
	w := newWorld(t)
	const name = "tf-testacccn-hangzhoukmsapplicationaccesspoint12345"
	for _, created := range []fields{
		{"Name": name, "Policies": `["abc","efg","hfc"]`, "AuthenticationMethod": "ClientKey"},
		{"Name": name + "_update", "Description": "asfdsfads", "Policies": `["guaguagua","efg","hfc"]`, "AuthenticationMethod": "ClientKey"},
	} {
		w.do("CreateApplicationAccessPoint", created)
		read := fields{"Name": created["Name"]}
		if got := w.do("DescribeApplicationAccessPoint", read); got["Policies"] != created["Policies"] || got["AuthenticationMethod"] != "ClientKey" {
			t.Errorf("created %v", got)
		}
		for _, change := range []fields{
			{"Description": "test aap", "Policies": `["abc","efg","hfc"]`},
			{"Description": "asfdsfads", "Policies": `["abc","efg","hfc"]`},
			{"Description": "asfdsfads", "Policies": `["guaguagua"]`},
		} {
			w.do("UpdateApplicationAccessPoint", merge(read, change))
			if got := w.do("DescribeApplicationAccessPoint", read); got["Description"] != change["Description"] || got["Policies"] != change["Policies"] {
				t.Errorf("%v: %v", change, got)
			}
		}
		w.do("DeleteApplicationAccessPoint", read)
		w.refused("Forbidden.ResourceNotFound", 404, "DescribeApplicationAccessPoint", read)
	}
}

// TestProviderPolicies writes policies of the shared gateway with network rules that
// nobody made, and one without a permission. Case E2.
func TestProviderPolicies(t *testing.T) {
	w := newWorld(t)
	const both = `["RbacPermission/Template/CryptoServiceKeyUser","RbacPermission/Template/CryptoServiceSecretUser"]`
	rule := func(n string) string {
		return `{"NetworkRules":["alicloud_kms_network_rule.networkRule` + n + `.network_rule_name"]}`
	}
	read := fields{"Name": "tf-testacccn-hangzhoukmspolicy12345"}
	w.do("CreatePolicy", merge(read, fields{"Permissions": both, "Resources": `["secret/*","key/*"]`, "KmsInstance": "shared", "AccessControlRules": rule("1")}))
	for _, change := range []fields{
		{"Description": "terraform测试policy", "Permissions": both, "Resources": `["secret/*","key/*"]`},
		{"Permissions": `[]`, "Resources": `["secret/*","key/*"]`},
		{"Permissions": `[]`, "Resources": `["key/*"]`},
		{"Permissions": `[]`, "Resources": `["key/*"]`, "AccessControlRules": rule("2")},
		{"Permissions": `["RbacPermission/Template/CryptoServiceSecretUser"]`, "Resources": `["key/a*","key/b*"]`, "AccessControlRules": rule("3")},
		{"Permissions": `["RbacPermission/Template/CryptoServiceSecretUser","RbacPermission/Template/CryptoServiceSecretUser"]`, "Resources": `["key/a*","key/b*","key/c*"]`},
	} {
		w.do("UpdatePolicy", merge(read, change))
		got := w.do("DescribePolicy", read)
		permissions, _ := got["Permissions"].([]any)
		if len(permissions) != strings.Count(change["Permissions"].(string), "Rbac") || got["KmsInstance"] != "shared" {
			t.Errorf("%v: %v", change, got)
		}
		if rules, changed := change["AccessControlRules"]; changed && got["AccessControlRules"] != rules {
			t.Errorf("%v: %v", change, got)
		}
	}
	w.do("DeletePolicy", read)
	w.refused("Forbidden.ResourceNotFound", 404, "DescribePolicy", read)
	w.refused("Forbidden.DKMSInstanceNotFound", 403, "CreatePolicy", merge(read, fields{"Permissions": both, "Resources": `["key/*"]`, "KmsInstance": "kst-none"}))
}

// TestPoliciesOfNobodyGrantNothing: what may be bound without existing lets nobody
// do anything where policies count. Cases E1 and E2.
func TestPoliciesOfNobodyGrantNothing(t *testing.T) {
	w := newWorld(t, func(o *engine.Options) { o.Strict = true })
	key := w.instanceKey(nil)
	for point, policies := range map[string]string{"nobody": `["none"]`, "shared": `["shared"]`, "nowhere": `["nowhere"]`} {
		if point != "nobody" {
			instance := "shared"
			if point == "nowhere" {
				instance = w.e.Bootstrap().Instance
			}
			w.do("CreatePolicy", fields{"Name": point, "KmsInstance": instance, "Permissions": `["RbacPermission/Template/CryptoServiceKeyUser"]`, "Resources": `["key/*"]`,
				"AccessControlRules": map[string]any{"shared": nil, "nowhere": `{"NetworkRules":["none"]}`}[point]})
		}
		w.do("CreateApplicationAccessPoint", fields{"Name": point, "Policies": policies})
		id := w.do("CreateClientKey", fields{"AapName": point, "Password": "YouPassword123!"})["ClientKeyId"].(string)
		c := w.call
		c.Gateway, c.ClientKey, c.Instance, c.Source = engine.Instance, id, w.e.Bootstrap().Instance, netip.MustParseAddr("10.0.0.1")
		_, err := engine.InstanceOperations()["Encrypt"].Handle(w.e, &c, &dkms.EncryptRequest{KeyId: key, Plaintext: []byte("x")})
		var refused *engine.Error
		if !errors.As(err, &refused) || refused.Code != "Forbidden.NoPermission" {
			t.Errorf("%s: %v", point, err)
		}
	}
}

func TestProviderClientKeys(t *testing.T) {
	w := newWorld(t)
	w.do("CreateApplicationAccessPoint", fields{"Name": "aap", "Description": "aap", "Policies": `["aaa"]`, "AuthenticationMethod": "ClientKey"})
	made := w.do("CreateClientKey", fields{"AapName": "aap", "Password": "YouPassword123!", "NotBefore": "2023-09-01T14:11:22Z", "NotAfter": "2028-09-01T14:11:22Z"})
	read := fields{"ClientKeyId": made["ClientKeyId"]}
	if got := w.do("GetClientKey", read); got["NotBefore"] != "2023-09-01T14:11:22Z" || got["NotAfter"] != "2028-09-01T14:11:22Z" || got["AapName"] != "aap" || got["CreateTime"] == "" {
		t.Errorf("%v", got)
	}
	w.do("DeleteClientKey", read)
	w.refused("Forbidden.ResourceNotFound", 404, "GetClientKey", read)
}

func TestProviderNetworkRules(t *testing.T) {
	w := newWorld(t)
	const three = `["10.10.10.10/24","192.168.17.13","100.177.24.254"]`
	read := fields{"Name": "tf-testacccn-hangzhoukmsnetworkrule12345_update"}
	w.do("CreateNetworkRule", merge(read, fields{"SourcePrivateIp": three, "Type": "Private"}))
	for _, change := range []fields{
		{"Description": "test-description", "SourcePrivateIp": three},
		{"Description": "test-description-update", "SourcePrivateIp": three},
		{"SourcePrivateIp": `["71.71.71.71"]`},
	} {
		w.do("UpdateNetworkRule", merge(read, change))
		if got := w.do("DescribeNetworkRule", read); got["SourcePrivateIp"] != change["SourcePrivateIp"] || got["Type"] != "Private" {
			t.Errorf("%v: %v", change, got)
		}
	}
	w.do("DeleteNetworkRule", read)
	w.refused("Forbidden.ResourceNotFound", 404, "DescribeNetworkRule", read)
}

// TestProviderKeys walks a default key and an instance's through the provider's
// steps, a rotation of 605800s included. Case E6.
func TestProviderKeys(t *testing.T) {
	for _, inInstance := range []bool{false, true} {
		w := newWorld(t)
		const name = "tf-testacckmskey12345"
		create := fields{
			"KeyUsage": "ENCRYPT/DECRYPT", "Origin": "Aliyun_KMS", "KeySpec": "Aliyun_AES_256", "ProtectionLevel": "SOFTWARE",
			"EnableAutomaticRotation": true, "RotationInterval": "605800s", "Description": name,
		}
		policy := `{"Statement": [{"Action": ["kms:*"],"Effect": "Allow","Principal": {"RAM": ["acs:ram::` + w.call.Account + `:*"]},"Resource": ["*"],"Sid": "Key"}],"Version": "1"}`
		if inInstance {
			create["DKMSInstanceId"], create["Policy"] = w.e.Bootstrap().Instance, policy
		}
		id := w.key(create)
		key := fields{"KeyId": id}
		shows := func(want fields) {
			t.Helper()
			got := w.metadata(id)
			for name, v := range want {
				if got[name] != v {
					t.Errorf("%s = %v, want %v", name, got[name], v)
				}
			}
		}
		shows(fields{"AutomaticRotation": "Enabled", "RotationInterval": "605800s", "ProtectionLevel": "SOFTWARE", "Description": name, "KeyState": "Enabled"})
		w.do("UpdateRotationPolicy", merge(key, fields{"EnableAutomaticRotation": false}))
		shows(fields{"AutomaticRotation": "Disabled", "RotationInterval": nil})
		w.do("UpdateRotationPolicy", merge(key, fields{"EnableAutomaticRotation": true, "RotationInterval": "605800s"}))
		shows(fields{"AutomaticRotation": "Enabled", "RotationInterval": "605800s"})
		for _, described := range []string{"", name} {
			w.do("SetDeletionProtection", fields{"ProtectedResourceArn": w.metadata(id)["Arn"], "EnableDeletionProtection": true, "DeletionProtectionDescription": described})
			shows(fields{"DeletionProtection": "Enabled"})
		}
		w.do("SetDeletionProtection", fields{"ProtectedResourceArn": w.metadata(id)["Arn"], "EnableDeletionProtection": false})
		shows(fields{"DeletionProtection": "Disabled"})
		if inInstance {
			w.do("SetKeyPolicy", merge(key, fields{"Policy": policy, "PolicyName": "default"}))
			if got := w.do("GetKeyPolicy", key)["Policy"]; got != policy {
				t.Errorf("policy %v", got)
			}
		} else {
			w.refused("Forbidden.ResourceNotFound", 404, "GetKeyPolicy", key)
		}
		w.do("DisableKey", key)
		shows(fields{"KeyState": "Disabled", "AutomaticRotation": "Suspended"})
		w.do("EnableKey", key)
		bulk := fields{"RegionId": w.call.Region, "ResourceType": "key", "ResourceId": []string{id}}
		w.do("TagResources", merge(bulk, fields{"Tag": []fields{{"Key": "Created", "Value": "TF"}, {"Key": "For", "Value": "Test"}}}))
		if got := list(w.do("ListTagResources", bulk), "TagResources.TagResource"); len(got) != 2 {
			t.Errorf("tags %v", got)
		}
		w.do("UntagResources", merge(bulk, fields{"TagKey": []string{"Created", "For"}}))
		w.do("ScheduleKeyDeletion", merge(key, fields{"PendingWindowInDays": 7}))
		shows(fields{"KeyState": "PendingDeletion"})
		w.advance(days(7))
		w.refused("Forbidden.KeyNotFound", 404, "DescribeKey", key)
	}
}

// TestProviderSecrets walks a secret outside any instance, and a managed one within,
// through the provider's steps.
func TestProviderSecrets(t *testing.T) {
	w := newWorld(t)
	const name = "tf-testAccKmsSecret12345"
	secret := fields{"SecretName": name}
	w.do("CreateSecret", merge(secret, fields{"SecretData": name, "VersionId": "v1"}))
	w.do("PutSecretValue", merge(secret, fields{"SecretData": name + "-update", "VersionId": "v2"}))
	w.do("PutSecretValue", merge(secret, fields{"SecretData": name + "-update", "VersionId": "v3", "SecretDataType": "binary"}))
	w.do("UpdateSecret", merge(secret, fields{"Description": name}))
	w.do("PutSecretValue", merge(secret, fields{"SecretData": name + "-update", "VersionId": "v5", "SecretDataType": "binary", "VersionStages": `["ACSCurrent","ACSNext"]`}))
	got := w.do("GetSecretValue", merge(secret, fields{"VersionStage": "ACSNext"}))
	if got["VersionId"] != "v5" || got["SecretData"] != name+"-update" || got["SecretDataType"] != "binary" {
		t.Errorf("%v", got)
	}
	w.do("DeleteSecret", merge(secret, fields{"ForceDeleteWithoutRecovery": "false", "RecoveryWindowInDays": "7"}))
	w.advance(days(7))
	w.refused("Forbidden.ResourceNotFound", 404, "DescribeSecret", secret)

	instance, key := w.e.Bootstrap().Instance, w.instanceKey(nil)
	policy := `{"Statement": [{"Action": ["kms:*"],"Effect": "Allow","Principal": {"RAM": ["acs:ram::` + w.call.Account + `:*"]},"Resource": ["*"],"Sid": "Secret"}],"Version": "1"}`
	for _, made := range []fields{
		{"SecretName": name, "SecretType": "Rds", "SecretData": `{"Accounts":[{"AccountName":"tf-testAcc","AccountPassword":"YourPassword12345!"}]}`,
			"ExtendedConfig": fields{"CustomData": fields{"tf-testAcc": "tf-testAcc"}, "DBInstanceId": "rm-1", "SecretSubType": "SingleUser"}},
		{"SecretName": "acs/ecs/" + name, "SecretType": "ECS", "SecretData": `{"UserName":"tf-testAcc","Password":"YourPassword12345!"}`,
			"ExtendedConfig": fields{"CommandId": "", "CustomData": fields{"tf-testAcc": "tf-testAcc"}, "InstanceId": "i-1", "RegionId": w.call.Region, "SecretSubType": "Password"}},
	} {
		secret := fields{"SecretName": made["SecretName"]}
		w.do("CreateSecret", merge(made, fields{"VersionId": "v1", "SecretDataType": "text", "EncryptionKeyId": key, "DKMSInstanceId": instance, "Policy": policy}))
		w.do("UpdateSecretRotationPolicy", merge(secret, fields{"EnableAutomaticRotation": true, "RotationInterval": "605800s"}))
		if got := w.do("DescribeSecret", secret); got["AutomaticRotation"] != "Enabled" || got["RotationInterval"] != "605800s" {
			t.Errorf("%v", got)
		}
		w.do("UpdateSecretRotationPolicy", merge(secret, fields{"EnableAutomaticRotation": false}))
		w.do("SetSecretPolicy", merge(secret, fields{"Policy": policy, "PolicyName": "default"}))
		if got := w.do("GetSecretPolicy", secret)["Policy"]; got != policy {
			t.Errorf("%v", got)
		}
		w.do("DeleteSecret", merge(secret, fields{"ForceDeleteWithoutRecovery": "true"}))
		w.refused("Forbidden.ResourceNotFound", 404, "DescribeSecret", secret)
	}
}
