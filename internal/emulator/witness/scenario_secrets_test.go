package witness

import (
	"encoding/base64"
	"strings"
)

func (w *world) liveSecrets(c client) {
	w.Helper()
	key, name := w.key(c, nil), w.name("db/password")
	w.must(c, "CreateSecret", params{
		"SecretName": name, "SecretData": "first <&>", "VersionId": "v1", "SecretDataType": "text", "SecretType": "Generic", "Description": "d",
		"DKMSInstanceId": w.ready.Instance.ID, "EncryptionKeyId": key, "Tags": `[{"TagKey":"a","TagValue":"1"}]`,
	})
	w.must(c, "PutSecretValue", params{"SecretName": name, "SecretData": "second", "VersionId": "v2"})
	w.equal(w.must(c, "GetSecretValue", params{"SecretName": name}), "SecretData", "second")
	w.equal(w.must(c, "GetSecretValue", params{"SecretName": name, "VersionStage": "ACSPrevious"}), "SecretData", "first <&>")
	w.must(c, "UpdateSecretVersionStage", params{"SecretName": name, "VersionStage": "ACSCurrent", "MoveToVersion": "v1", "RemoveFromVersion": "v2"})
	w.equal(w.must(c, "GetSecretValue", params{"SecretName": name}), "VersionId", "v1")
	w.equal(w.must(c, "ListSecretVersionIds", params{"SecretName": name, "IncludeDeprecated": "true"}), "TotalCount", 2)
	w.must(c, "UpdateSecret", params{"SecretName": name, "Description": "new"})
	described := w.must(c, "DescribeSecret", params{"SecretName": name, "FetchTags": "true"})
	w.equal(described, "Description", "new")
	w.equal(described, "Tags.Tag.0.TagKey", "a")
	listed := w.must(c, "ListSecrets", params{"FetchTags": "true", "Filters": `[{"Key":"SecretName","Values":["` + name + `"]}]`})
	w.equal(listed, "SecretList.Secret.0.SecretName", name)
	w.must(c, "DeleteSecret", params{"SecretName": name, "RecoveryWindowInDays": "7"})
	w.must(c, "RestoreSecret", params{"SecretName": name})
	w.must(c, "DeleteSecret", params{"SecretName": name, "ForceDeleteWithoutRecovery": "true"})
	password := w.must(c, "GetRandomPassword", params{"PasswordLength": "20", "ExcludePunctuation": "true"}).text("RandomPassword")
	if len(password) != 20 {
		w.Errorf("a password of 20 characters has %d", len(password))
	}
}

func (w *world) liveManagedSecrets(c client) {
	w.Helper()
	key, name := w.key(c, nil), w.name("rds")
	w.must(c, "CreateSecret", params{
		"SecretName": name, "SecretType": "Rds", "VersionId": "v1", "EnableAutomaticRotation": true, "RotationInterval": "7d",
		"SecretData":     `{"Accounts":[{"AccountName":"app","AccountPassword":"Aa1!aaaaaaaa"}]}`,
		"ExtendedConfig": map[string]any{"SecretSubType": "SingleUser", "DBInstanceId": "rm-1", "CustomData": map[string]any{"a": "b"}},
		"DKMSInstanceId": w.ready.Instance.ID, "EncryptionKeyId": key,
	})
	before := w.must(c, "GetSecretValue", params{"SecretName": name, "FetchExtendedConfig": true})
	w.must(c, "RotateSecret", params{"SecretName": name, "VersionId": "v2"})
	if after := w.must(c, "GetSecretValue", params{"SecretName": name}); after.text("SecretData") == before.text("SecretData") {
		w.Error("the rotated secret has its old value")
	}
	w.must(c, "UpdateSecretRotationPolicy", params{"SecretName": name, "EnableAutomaticRotation": true, "RotationInterval": "10d"})
	w.equal(w.must(w.helper, "DescribeSecret", params{"SecretName": name}), "RotationInterval", "864000s")
	w.must(c, "UpdateSecret", params{"SecretName": name, "ExtendedConfig": map[string]any{"CustomData": map[string]any{"a": "c"}}})
	w.must(c, "DeleteSecret", params{"SecretName": name, "ForceDeleteWithoutRecovery": "true"})
}

func (w *world) liveInstances(c client) {
	w.Helper()
	id := w.ready.Instance.ID
	listed := w.must(c, "ListKmsInstances", params{"PageNumber": 1, "PageSize": 100})
	if !strings.Contains(listed.text("KmsInstances.KmsInstance"), id) {
		w.Errorf("%v", listed)
	}
	got := w.must(c, "GetKmsInstance", params{"KmsInstanceId": id})
	if !strings.Contains(got.text("KmsInstance.CaCertificateChainPem"), "BEGIN CERTIFICATE") {
		w.Errorf("%v", got)
	}
	w.must(c, "UpdateKmsInstanceBindVpc", params{"KmsInstanceId": id, "BindVpcs": `[{"VpcId":"vpc-1","VSwitchId":"vsw-1","RegionId":"cn-hangzhou"}]`})
	w.must(c, "ConnectKmsInstance", params{
		"KmsInstanceId": "kst-witness0uninitialized", "VpcId": "vpc-1", "VSwitchIds": "vsw-1", "ZoneIds": "cn-hangzhou-h,cn-hangzhou-i", "KMProvider": "Aliyun",
	})
}

func (w *world) liveAccessPoints(c client) {
	w.Helper()
	rule, policy, point := w.name("rule"), w.name("policy"), w.name("point")
	w.must(c, "CreateNetworkRule", params{"Name": rule, "Type": "Private", "SourcePrivateIp": `["10.0.0.0/8"]`, "Description": "d"})
	w.must(c, "UpdateNetworkRule", params{"Name": rule, "SourcePrivateIp": `["10.1.0.0/16"]`})
	if got := w.must(c, "DescribeNetworkRule", params{"Name": rule}); !strings.Contains(got.text("SourcePrivateIp"), "10.1.0.0/16") {
		w.Errorf("%v", got)
	}
	if got := w.must(c, "ListNetworkRules", params{"PageNumber": 1, "PageSize": 100}); !strings.Contains(got.text("NetworkRules.NetworkRule"), rule) {
		w.Errorf("%v", got)
	}
	w.must(c, "CreatePolicy", params{
		"Name": policy, "KmsInstance": w.ready.Instance.ID, "Permissions": `["RbacPermission/Template/CryptoServiceKeyUser"]`,
		"Resources": `["key/*"]`, "AccessControlRules": `{"NetworkRules":["` + rule + `"]}`,
	})
	w.must(c, "UpdatePolicy", params{"Name": policy, "Description": "new"})
	w.equal(w.must(c, "DescribePolicy", params{"Name": policy}), "Description", "new")
	if got := w.must(c, "ListPolicies", params{"PageNumber": 1, "PageSize": 100}); !strings.Contains(got.text("Policies.Policy"), policy) {
		w.Errorf("%v", got)
	}
	w.must(c, "CreateApplicationAccessPoint", params{"Name": point, "AuthenticationMethod": "ClientKey", "Policies": `["` + policy + `"]`})
	w.must(c, "UpdateApplicationAccessPoint", params{"Name": point, "Policies": `["` + policy + `"]`, "Description": "new"})
	w.equal(w.must(c, "DescribeApplicationAccessPoint", params{"Name": point}), "Description", "new")
	if got := w.must(c, "ListApplicationAccessPoints", params{"PageNumber": 1, "PageSize": 100}); !strings.Contains(got.text("ApplicationAccessPoints.ApplicationAccessPoint"), point) {
		w.Errorf("%v", got)
	}
	key := w.must(c, "CreateClientKey", params{"AapName": point, "Password": "Passw0rd!"})
	id := key.text("ClientKeyId")
	if file, err := base64.StdEncoding.DecodeString(key.text("PrivateKeyData")); err != nil || len(file) == 0 {
		w.Errorf("the ClientKey is not PKCS#12 in base64: %v", err)
	}
	w.equal(w.must(c, "GetClientKey", params{"ClientKeyId": id}), "AapName", point)
	w.equal(w.must(c, "ListClientKeys", params{"AapName": point}), "ClientKeys.0.ClientKeyId", id)
	w.must(c, "DeleteClientKey", params{"ClientKeyId": id})
	w.must(c, "DeleteApplicationAccessPoint", params{"Name": point})
	w.must(c, "DeletePolicy", params{"Name": policy})
	w.must(c, "DeleteNetworkRule", params{"Name": rule})
}
