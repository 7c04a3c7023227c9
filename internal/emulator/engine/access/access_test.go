package access_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/pkcs12"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

func TestServiceOperations(t *testing.T) {
	w := enginetest.NewWorld(t)
	found := false
	for _, r := range enginetest.List(w.Do("DescribeRegions", nil), "Regions.Region") {
		found = found || r["RegionId"] == "cn-hangzhou"
	}
	if !found {
		t.Error("cn-hangzhou is no region")
	}
	if got := w.Do("DescribeAccountKmsStatus", nil)["AccountStatus"]; got != "Enabled" {
		t.Errorf("AccountStatus = %v", got)
	}
	w.Refused("Forbidden.Opened", 400, "OpenKmsService", nil) // Case E4.
	for _, op := range enginetest.RefusedOperations {
		w.Refused("UnsupportedOperation", 400, op, nil)
	}
}

func TestInstanceFilters(t *testing.T) {
	w := enginetest.NewWorld(t).WithHardware()
	for filters, want := range map[string]int{
		``: 2,
		`[{"Key":"KmsInstanceId","Values":["` + enginetest.Hardware + `"]}]`:                                                 1,
		`[{"Key":"Status","Values":["Connected"]}]`:                                                                          2,
		`[{"Key":"Status","Values":["Error"]}]`:                                                                              0,
		`[{"Key":"KmsInstanceId","Values":["` + enginetest.Hardware + `"]},{"Key":"Status","Values":["Connected","Error"]}]`: 1,
	} {
		answer := w.Do("ListKmsInstances", enginetest.Fields{"Filters": filters})
		if got := len(enginetest.List(answer, "KmsInstances.KmsInstance")); got != want || answer["TotalCount"] != float64(want) {
			t.Errorf("%s: %v", filters, answer)
		}
	}
	page := w.Do("ListKmsInstances", enginetest.Fields{"PageNumber": 2, "PageSize": 1})
	if len(enginetest.List(page, "KmsInstances.KmsInstance")) != 1 || page["TotalCount"] != 2.0 {
		t.Errorf("page %v", page)
	}
	w.Refused("InvalidParameter", 400, "ListKmsInstances", enginetest.Fields{"Filters": `[{"Key":"Colour","Values":["red"]}]`})
	w.Refused("InvalidParameter", 400, "ListKmsInstances", enginetest.Fields{"Filters": `{`})
}

func TestReleaseKmsInstanceIsRefused(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.E.Bootstrap().Instance
	w.Refused("MissingParameter", 400, "ReleaseKmsInstance", nil)
	w.Refused("Forbidden.DKMSInstanceNotFound", 404, "ReleaseKmsInstance", enginetest.Fields{"KmsInstanceId": "kst-other"})
	w.Refused("UnsupportedOperation", 400, "ReleaseKmsInstance", enginetest.Fields{"KmsInstanceId": id, "ForceDeleteWithoutBackup": "true"})
	w.Do("GetKmsInstance", enginetest.Fields{"KmsInstanceId": id})
}

func TestInstances(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.E.SetCACertificates("PEM")
	id := w.E.Bootstrap().Instance
	all := enginetest.List(w.Do("ListKmsInstances", nil), "KmsInstances.KmsInstance")
	if len(all) != 1 || all[0]["KmsInstanceId"] != id || !strings.HasSuffix(all[0]["KmsInstanceArn"].(string), ":keystore/"+id) {
		t.Errorf("instances %v", all)
	}
	got := w.Do("GetKmsInstance", enginetest.Fields{"KmsInstanceId": id})["KmsInstance"].(enginetest.Fields)
	if got["Status"] != "Connected" || got["CaCertificateChainPem"] != "PEM" || got["StartDate"] != "2026-01-31T10:00:00Z" {
		t.Errorf("instance %v", got)
	}
	if got := w.Do("GetDefaultKmsInstance", nil)["DefaultKmsInstanceId"]; got != id {
		t.Errorf("default instance %v", got)
	}
	w.InstanceKey(nil)
	quota := enginetest.List(w.Do("GetKmsInstanceQuotaInfos", enginetest.Fields{"ResourceType": "key"}), "KmsInstanceQuotaInfos")
	if len(quota) != 1 || quota[0]["UsedQuantity"] != 1.0 || quota[0]["ResourceQuota"].(float64) < 10_000 {
		t.Errorf("quota %v", quota)
	}
	w.Do("UpdateKmsInstanceBindVpc", enginetest.Fields{"KmsInstanceId": id, "BindVpcs": `[{"VpcId":"vpc-1","VSwitchId":"vsw-1","RegionId":"cn-hangzhou","VpcOwnerId":190325303126}]`})
	got = w.Do("GetKmsInstance", enginetest.Fields{"KmsInstanceId": id})["KmsInstance"].(enginetest.Fields)
	if bound := enginetest.List(got, "BindVpcs.BindVpc"); len(bound) != 1 || bound[0]["VpcOwnerId"] != "190325303126" {
		t.Errorf("bound %v", bound)
	}
	connect := enginetest.Fields{"KmsInstanceId": id, "KMProvider": "Aliyun", "VpcId": "v", "ZoneIds": "z", "VSwitchIds": "s"}
	w.Refused("Forbidden.DKMSInstanceStateInvalid", 403, "ConnectKmsInstance", connect)
	w.Seed(`{"instances":[{"id":"kst-new","status":"Uninitialized"}]}`)
	w.Do("ConnectKmsInstance", enginetest.Merge(connect, enginetest.Fields{"KmsInstanceId": "kst-new"}))
	w.Refused("MissingParameter", 400, "ConnectKmsInstance", enginetest.Fields{"KmsInstanceId": id})
	w.Refused("MissingParameter", 400, "GetKmsInstance", nil)
	w.Refused("Forbidden.DKMSInstanceNotFound", 404, "GetKmsInstance", enginetest.Fields{"KmsInstanceId": "kst-none"})
	w.Refused("InvalidParameter", 400, "UpdateKmsInstanceBindVpc", enginetest.Fields{"KmsInstanceId": id, "BindVpcs": "x"})
	w.Refused("InvalidParameter", 400, "UpdateKmsInstanceBindVpc", enginetest.Fields{"KmsInstanceId": id, "BindVpcs": "[{}]"})
	w.Refused("InvalidParameter", 400, "GetKmsInstanceQuotaInfos", enginetest.Fields{"ResourceType": "gold"})
}

func TestAccessPointsRulesAndPolicies(t *testing.T) {
	w := enginetest.NewWorld(t)
	rule := w.Do("CreateNetworkRule", enginetest.Fields{"Name": "net", "Type": "Private", "SourcePrivateIp": `["10.0.0.0/8","127.0.0.1"]`, "Description": "d"})
	if rule["Type"] != "Private" || rule["Name"] != "net" {
		t.Errorf("rule %v", rule)
	}
	w.Do("UpdateNetworkRule", enginetest.Fields{"Name": "net", "SourcePrivateIp": `["10.1.0.0/16"]`})
	if got := w.Do("DescribeNetworkRule", enginetest.Fields{"Name": "net"}); got["SourcePrivateIp"] != `["10.1.0.0/16"]` || got["Description"] != "d" {
		t.Errorf("rule %v", got)
	}
	policy := enginetest.Fields{"Name": "pol", "KmsInstance": w.E.Bootstrap().Instance, "Resources": `["key/*","secret/db"]`,
		"Permissions":        `["RbacPermission/Template/CryptoServiceKeyUser","RbacPermission/Template/CryptoServiceSecretUser"]`,
		"AccessControlRules": `{"NetworkRules":["net"]}`}
	w.Do("CreatePolicy", policy)
	w.Do("UpdatePolicy", enginetest.Fields{"Name": "pol", "Resources": `["key/k1"]`, "Description": "new"})
	got := w.Do("DescribePolicy", enginetest.Fields{"Name": "pol"})
	if r := got["Resources"].([]any); len(r) != 1 || r[0] != "key/k1" || len(got["Permissions"].([]any)) != 2 || got["Description"] != "new" {
		t.Errorf("policy %v", got)
	}
	point := w.Do("CreateApplicationAccessPoint", enginetest.Fields{"Name": "app", "Policies": `["pol"]`, "Description": "d"})
	if point["AuthenticationMethod"] != "ClientKey" || point["Policies"] != `["pol"]` {
		t.Errorf("access point %v", point)
	}
	w.Do("UpdateApplicationAccessPoint", enginetest.Fields{"Name": "app", "Policies": `["pol","kmsplan"]`})
	if got := w.Do("DescribeApplicationAccessPoint", enginetest.Fields{"Name": "app"}); got["Policies"] != `["pol","kmsplan"]` || got["Description"] != "d" {
		t.Errorf("access point %v", got)
	}
	for op, path := range map[string]string{
		"ListApplicationAccessPoints": "ApplicationAccessPoints.ApplicationAccessPoint",
		"ListNetworkRules":            "NetworkRules.NetworkRule", "ListPolicies": "Policies.Policy",
	} {
		if out := w.Do(op, nil); out["TotalCount"] != 2.0 || len(enginetest.List(out, path)) != 2 {
			t.Errorf("%s: %v", op, out)
		}
	}
	for _, tc := range []struct {
		op   string
		in   enginetest.Fields
		code string
	}{
		{"CreateNetworkRule", enginetest.Fields{"Name": "net", "Type": "Private", "SourcePrivateIp": `["10.0.0.1"]`}, "Rejected.ResourceExist"},
		{"CreatePolicy", policy, "Rejected.ResourceExist"},
		{"CreateApplicationAccessPoint", enginetest.Fields{"Name": "app", "Policies": `["pol"]`}, "Rejected.ResourceExist"},
	} {
		w.Refused(tc.code, 409, tc.op, tc.in)
	}
	w.Refused("InvalidParameter", 400, "CreateNetworkRule", enginetest.Fields{"Name": "x", "Type": "Private", "SourcePrivateIp": `["here"]`})
	w.Refused("InvalidParameter", 400, "CreateNetworkRule", enginetest.Fields{"Name": "x", "Type": "Private", "SourcePrivateIp": `[]`})
	w.Refused("InvalidParameter", 400, "CreateNetworkRule", enginetest.Fields{"Name": "x", "SourcePrivateIp": `["10.0.0.1"]`, "Type": "Public"})
	w.Refused("InvalidParameter", 400, "CreatePolicy", enginetest.Merge(policy, enginetest.Fields{"Name": "x", "Permissions": `["all"]`}))
	w.Refused("InvalidParameter", 400, "CreatePolicy", enginetest.Merge(policy, enginetest.Fields{"Name": "x", "Resources": `["alias/a"]`}))
	w.Refused("MissingParameter", 400, "CreatePolicy", enginetest.Merge(policy, enginetest.Fields{"Name": "x", "Resources": nil}))
	w.Refused("Forbidden.DKMSInstanceNotFound", 404, "CreatePolicy", enginetest.Merge(policy, enginetest.Fields{"Name": "x", "KmsInstance": "kst-none"}))
	w.Refused("InvalidParameter", 400, "CreateApplicationAccessPoint", enginetest.Fields{"Name": "x", "Policies": `["pol","pol","pol","pol"]`})
	w.Refused("InvalidParameter", 400, "CreateApplicationAccessPoint", enginetest.Fields{"Name": "x", "Policies": `["pol"]`, "AuthenticationMethod": "RAM"})
	w.Refused("InvalidParameter", 400, "CreateApplicationAccessPoint", enginetest.Fields{"Name": "a b", "Policies": `["pol"]`})
	for _, kind := range []string{"NetworkRule", "Policy", "ApplicationAccessPoint"} {
		w.Refused("MissingParameter", 400, "Describe"+kind, nil)
		name := map[string]string{"NetworkRule": "net", "Policy": "pol", "ApplicationAccessPoint": "app"}[kind]
		w.Do("Delete"+kind, enginetest.Fields{"Name": name})
		for _, verb := range []string{"Describe", "Update", "Delete"} {
			w.Refused("Forbidden.ResourceNotFound", 404, verb+kind, enginetest.Fields{"Name": name})
		}
	}
}

func TestClientKeys(t *testing.T) {
	const password = "pass-w0rd-of-the-test"
	w := enginetest.NewWorld(t)
	in := enginetest.Fields{"AapName": "kmsplan", "Password": password}
	made := w.Do("CreateClientKey", in)
	id := made["ClientKeyId"].(string)
	if made["KeyAlgorithm"] != "RSA_2048" || made["NotBefore"] != "2026-01-31T10:00:00Z" || made["NotAfter"] != "2031-01-31T10:00:00Z" {
		t.Errorf("client key %v %v %v", made["KeyAlgorithm"], made["NotBefore"], made["NotAfter"])
	}
	// The file is what the vendor's SDK reads: the certificate, then the key.
	file, err := base64.StdEncoding.DecodeString(made["PrivateKeyData"].(string))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := pkcs12.ToPEM(file, password)
	if err != nil || len(blocks) != 2 || blocks[0].Type != "CERTIFICATE" || blocks[1].Type != "PRIVATE KEY" {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	private, certificate, err := pkcs12.Decode(file, password)
	if err != nil {
		t.Fatal(err)
	}
	if !private.(*rsa.PrivateKey).PublicKey.Equal(certificate.PublicKey) || certificate.Subject.CommonName != id {
		t.Error("the certificate does not belong to the key")
	}
	got := w.Do("GetClientKey", enginetest.Fields{"ClientKeyId": id})
	if got["PublicKeyData"] != string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})) || got["AapName"] != "kmsplan" {
		t.Errorf("described %v", got)
	}
	kept, found := w.E.ClientKeyByID(id)
	if !found || !kept.ValidAt(enginetest.Began) || kept.ValidAt(enginetest.Began.Add(-time.Second)) || kept.ValidAt(kept.NotAfter) {
		t.Errorf("kept %v %v", kept, found)
	}
	if all := enginetest.List(w.Do("ListClientKeys", enginetest.Fields{"AapName": "kmsplan"}), "ClientKeys"); len(all) != 1 || all[0]["ClientKeyId"] != id {
		t.Errorf("listed %v", all)
	}
	for _, bad := range []string{"short1", "onlyletters", "12345678", "has space 1", "ünicode123", strings.Repeat("a1", 33)} {
		w.Refused("InvalidParameter", 400, "CreateClientKey", enginetest.Merge(in, enginetest.Fields{"Password": bad}))
	}
	w.Refused("MissingParameter", 400, "CreateClientKey", enginetest.Fields{"AapName": "kmsplan"})
	w.Refused("MissingParameter", 400, "CreateClientKey", enginetest.Merge(in, enginetest.Fields{"NotAfter": "2028-01-01T00:00:00Z"}))
	w.Refused("InvalidParameter", 400, "CreateClientKey", enginetest.Merge(in, enginetest.Fields{"NotBefore": "2028-01-01T00:00:00Z", "NotAfter": "2027-01-01T00:00:00Z"}))
	w.Refused("InvalidParameter", 400, "CreateClientKey", enginetest.Merge(in, enginetest.Fields{"NotBefore": "tomorrow"}))
	w.Refused("Forbidden.ResourceNotFound", 404, "CreateClientKey", enginetest.Merge(in, enginetest.Fields{"AapName": "none"}))
	w.Refused("Forbidden.ResourceNotFound", 404, "ListClientKeys", enginetest.Fields{"AapName": "none"})

	w.Do("CreateClientKey", enginetest.Merge(in, enginetest.Fields{"NotBefore": "2026-01-31T10:00:00Z", "NotAfter": "2026-02-01T10:00:00Z"}))
	if fired := w.Advance(enginetest.Days(1)); len(fired) != 1 || fired[0].Event != "client key expired" {
		t.Errorf("fired %v", fired)
	}
	if fired := w.Advance(enginetest.Days(1)); len(fired) != 0 {
		t.Errorf("fired again: %v", fired)
	}
	w.Do("DeleteClientKey", enginetest.Fields{"ClientKeyId": id})
	w.Refused("Forbidden.ResourceNotFound", 404, "DeleteClientKey", enginetest.Fields{"ClientKeyId": id})
	w.Refused("Forbidden.ResourceNotFound", 404, "GetClientKey", enginetest.Fields{"ClientKeyId": id})
	if _, found := w.E.ClientKeyByID(id); found {
		t.Error("a deleted client key is still found")
	}
	w.Do("DeleteApplicationAccessPoint", enginetest.Fields{"Name": "kmsplan"})
}

func TestKeyPolicies(t *testing.T) {
	w := enginetest.NewWorld(t)
	id, ordinary := w.InstanceKey(nil), w.Key(nil)
	if got := w.Do("GetKeyPolicy", enginetest.Fields{"KeyId": id})["Policy"].(string); !strings.Contains(got, `"acs:ram::`+w.Call.Account+`:*"`) {
		t.Errorf("default policy %s", got)
	}
	w.Do("SetKeyPolicy", enginetest.Fields{"KeyId": id, "Policy": enginetest.PolicyText, "PolicyName": "default"})
	if got := w.Do("GetKeyPolicy", enginetest.Fields{"KeyId": id, "PolicyName": "default"})["Policy"]; got != enginetest.PolicyText {
		t.Errorf("policy %v", got)
	}
	w.Refused("Forbidden.ResourceNotFound", 404, "GetKeyPolicy", enginetest.Fields{"KeyId": id, "PolicyName": "other"})
	w.Refused("Forbidden.ResourceNotFound", 404, "SetKeyPolicy", enginetest.Fields{"KeyId": id, "PolicyName": "other", "Policy": enginetest.PolicyText})
	w.Refused("Forbidden.ResourceNotFound", 404, "GetKeyPolicy", enginetest.Fields{"KeyId": ordinary})
	w.Refused("UnsupportedOperation", 400, "SetKeyPolicy", enginetest.Fields{"KeyId": ordinary, "Policy": enginetest.PolicyText})
	w.Refused("MissingParameter", 400, "SetKeyPolicy", enginetest.Fields{"KeyId": id})
	for _, bad := range []string{"x", "[]", `{"Version":"1","Statement":[]}`, `{"Version":"1","Statement":[{"Effect":"Maybe","Action":"kms:*","Principal":{"RAM":"*"}}]}`, enginetest.PolicyText + "x"} {
		w.Refused("InvalidParameter", 400, "SetKeyPolicy", enginetest.Fields{"KeyId": id, "Policy": bad})
	}
}

func TestSecretPolicies(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Seed(`{"secrets":[{"name":"in","instance":"` + w.E.Bootstrap().Instance + `","versions":[{"id":"1","data":"x"}]},{"name":"out","versions":[{"id":"1","data":"x"}]}]}`)
	w.Do("SetSecretPolicy", enginetest.Fields{"SecretName": "in", "Policy": enginetest.PolicyText})
	if got := w.Do("GetSecretPolicy", enginetest.Fields{"SecretName": "in"})["Policy"]; got != enginetest.PolicyText {
		t.Errorf("policy %v", got)
	}
	w.Refused("UnsupportedOperation", 400, "SetSecretPolicy", enginetest.Fields{"SecretName": "out", "Policy": enginetest.PolicyText})
	w.Refused("Forbidden.ResourceNotFound", 404, "GetSecretPolicy", enginetest.Fields{"SecretName": "out"})
	w.Refused("Forbidden.ResourceNotFound", 404, "GetSecretPolicy", enginetest.Fields{"SecretName": "none"})
	w.Refused("MissingParameter", 400, "GetSecretPolicy", nil)
}

// In strict mode a key's policy decides who may do what; otherwise it is only kept.
func TestStrictModeEnforcesKeyPolicies(t *testing.T) {
	for _, strict := range []bool{false, true} {
		w := enginetest.NewWorld(t, func(o *core.Options) { o.Strict = strict })
		id := w.InstanceKey(nil)
		w.Do("DescribeKey", enginetest.Fields{"KeyId": id})
		w.Do("SetKeyPolicy", enginetest.Fields{"KeyId": id, "Policy": `{"Version":"1","Statement":[
			{"Effect":"Allow","Principal":{"RAM":["` + w.Call.Principal + `"]},"Action":["kms:Describe*","kms:Encrypt","kms:DisableKey"],"Resource":["*"]},
			{"Effect":"Deny","Principal":{"RAM":"acs:ram::*:user/*"},"Action":"kms:Disable*","Resource":["*"]}]}`})
		w.Do("DescribeKey", enginetest.Fields{"KeyId": id})
		for _, op := range []string{"DisableKey", "EnableKey"} { // denied; not allowed
			code, _ := w.Refusal(op, enginetest.Fields{"KeyId": id})
			if want := map[bool]string{true: "Forbidden.NoPermission"}[strict]; code != want {
				t.Errorf("strict %v: %s gives %q, want %q", strict, op, code, want)
			}
		}
	}
}

// Another account reaches a key by ARN only if the key's policy names it, strict
// mode or not.
func TestForeignAccountNeedsThePolicy(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	arn := w.Metadata(id)["Arn"]
	home := w.Call
	w.Call.Account, w.Call.Principal = "2222222222222222", "acs:ram::2222222222222222:root"
	w.Refused("Forbidden.NoPermission", 403, "Encrypt", enginetest.Fields{"KeyId": arn, "Plaintext": enginetest.Base64Of("x")})
	w.Call = home
	w.Do("SetKeyPolicy", enginetest.Fields{"KeyId": id, "Policy": `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":"acs:ram::2222222222222222:*"},"Action":"kms:Encrypt","Resource":"*"}]}`})
	w.Call.Account, w.Call.Principal = "2222222222222222", "acs:ram::2222222222222222:root"
	w.Do("Encrypt", enginetest.Fields{"KeyId": arn, "Plaintext": enginetest.Base64Of("x")})
	w.Refused("Forbidden.NoPermission", 403, "DisableKey", enginetest.Fields{"KeyId": arn})
}
