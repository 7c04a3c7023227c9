package engine_test

import (
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/pkcs12"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

func TestServiceOperations(t *testing.T) {
	w := newWorld(t)
	found := false
	for _, r := range list(w.do("DescribeRegions", nil), "Regions.Region") {
		found = found || r["RegionId"] == "cn-hangzhou"
	}
	if !found {
		t.Error("cn-hangzhou is no region")
	}
	if got := w.do("DescribeAccountKmsStatus", nil)["AccountStatus"]; got != "Enabled" {
		t.Errorf("AccountStatus = %v", got)
	}
	w.refused("Forbidden.Opened", 400, "OpenKmsService", nil) // Case E4.
	for _, op := range refusedOperations {
		w.refused("UnsupportedOperation", 400, op, nil)
	}
}

func TestInstanceFilters(t *testing.T) {
	w := newWorld(t).withHardware()
	for filters, want := range map[string]int{
		``: 2,
		`[{"Key":"KmsInstanceId","Values":["` + hardware + `"]}]`:                                                 1,
		`[{"Key":"Status","Values":["Connected"]}]`:                                                               2,
		`[{"Key":"Status","Values":["Error"]}]`:                                                                   0,
		`[{"Key":"KmsInstanceId","Values":["` + hardware + `"]},{"Key":"Status","Values":["Connected","Error"]}]`: 1,
	} {
		answer := w.do("ListKmsInstances", fields{"Filters": filters})
		if got := len(list(answer, "KmsInstances.KmsInstance")); got != want || answer["TotalCount"] != float64(want) {
			t.Errorf("%s: %v", filters, answer)
		}
	}
	page := w.do("ListKmsInstances", fields{"PageNumber": 2, "PageSize": 1})
	if len(list(page, "KmsInstances.KmsInstance")) != 1 || page["TotalCount"] != 2.0 {
		t.Errorf("page %v", page)
	}
	w.refused("InvalidParameter", 400, "ListKmsInstances", fields{"Filters": `[{"Key":"Colour","Values":["red"]}]`})
	w.refused("InvalidParameter", 400, "ListKmsInstances", fields{"Filters": `{`})
}

func TestReleaseKmsInstanceIsRefused(t *testing.T) {
	w := newWorld(t)
	id := w.e.Bootstrap().Instance
	w.refused("MissingParameter", 400, "ReleaseKmsInstance", nil)
	w.refused("Forbidden.DKMSInstanceNotFound", 403, "ReleaseKmsInstance", fields{"KmsInstanceId": "kst-other"})
	w.refused("UnsupportedOperation", 400, "ReleaseKmsInstance", fields{"KmsInstanceId": id, "ForceDeleteWithoutBackup": "true"})
	w.do("GetKmsInstance", fields{"KmsInstanceId": id})
}

func TestInstances(t *testing.T) {
	w := newWorld(t)
	w.e.SetCACertificates("PEM")
	id := w.e.Bootstrap().Instance
	all := list(w.do("ListKmsInstances", nil), "KmsInstances.KmsInstance")
	if len(all) != 1 || all[0]["KmsInstanceId"] != id || !strings.HasSuffix(all[0]["KmsInstanceArn"].(string), ":keystore/"+id) {
		t.Errorf("instances %v", all)
	}
	got := w.do("GetKmsInstance", fields{"KmsInstanceId": id})["KmsInstance"].(fields)
	if got["Status"] != "Connected" || got["CaCertificateChainPem"] != "PEM" || got["StartDate"] != "2026-01-31T10:00:00Z" {
		t.Errorf("instance %v", got)
	}
	if got := w.do("GetDefaultKmsInstance", nil)["DefaultKmsInstanceId"]; got != id {
		t.Errorf("default instance %v", got)
	}
	w.instanceKey(nil)
	quota := list(w.do("GetKmsInstanceQuotaInfos", fields{"ResourceType": "key"}), "KmsInstanceQuotaInfos")
	if len(quota) != 1 || quota[0]["UsedQuantity"] != 1.0 || quota[0]["ResourceQuota"].(float64) < 10_000 {
		t.Errorf("quota %v", quota)
	}
	w.do("UpdateKmsInstanceBindVpc", fields{"KmsInstanceId": id, "BindVpcs": `[{"VpcId":"vpc-1","VSwitchId":"vsw-1","RegionId":"cn-hangzhou","VpcOwnerId":190325303126}]`})
	got = w.do("GetKmsInstance", fields{"KmsInstanceId": id})["KmsInstance"].(fields)
	if bound := list(got, "BindVpcs.BindVpc"); len(bound) != 1 || bound[0]["VpcOwnerId"] != "190325303126" {
		t.Errorf("bound %v", bound)
	}
	connect := fields{"KmsInstanceId": id, "VpcId": "v", "ZoneIds": "z", "VSwitchIds": "s"}
	w.refused("Forbidden.DKMSInstanceStateInvalid", 403, "ConnectKmsInstance", connect)
	w.seed(`{"instances":[{"id":"kst-new","status":"Uninitialized"}]}`)
	w.do("ConnectKmsInstance", merge(connect, fields{"KmsInstanceId": "kst-new"}))
	w.refused("MissingParameter", 400, "ConnectKmsInstance", fields{"KmsInstanceId": id})
	w.refused("MissingParameter", 400, "GetKmsInstance", nil)
	w.refused("Forbidden.DKMSInstanceNotFound", 403, "GetKmsInstance", fields{"KmsInstanceId": "kst-none"})
	w.refused("InvalidParameter", 400, "UpdateKmsInstanceBindVpc", fields{"KmsInstanceId": id, "BindVpcs": "x"})
	w.refused("InvalidParameter", 400, "UpdateKmsInstanceBindVpc", fields{"KmsInstanceId": id, "BindVpcs": "[{}]"})
	w.refused("InvalidParameter", 400, "GetKmsInstanceQuotaInfos", fields{"ResourceType": "gold"})
}

func TestAccessPointsRulesAndPolicies(t *testing.T) {
	w := newWorld(t)
	rule := w.do("CreateNetworkRule", fields{"Name": "net", "SourcePrivateIp": `["10.0.0.0/8","127.0.0.1"]`, "Description": "d"})
	if rule["Type"] != "Private" || rule["Name"] != "net" {
		t.Errorf("rule %v", rule)
	}
	w.do("UpdateNetworkRule", fields{"Name": "net", "SourcePrivateIp": `["10.1.0.0/16"]`})
	if got := w.do("DescribeNetworkRule", fields{"Name": "net"}); got["SourcePrivateIp"] != `["10.1.0.0/16"]` || got["Description"] != "d" {
		t.Errorf("rule %v", got)
	}
	policy := fields{"Name": "pol", "KmsInstance": w.e.Bootstrap().Instance, "Resources": `["key/*","secret/db"]`,
		"Permissions":        `["RbacPermission/Template/CryptoServiceKeyUser","RbacPermission/Template/CryptoServiceSecretUser"]`,
		"AccessControlRules": `{"NetworkRules":["net"]}`}
	w.do("CreatePolicy", policy)
	w.do("UpdatePolicy", fields{"Name": "pol", "Resources": `["key/k1"]`, "Description": "new"})
	got := w.do("DescribePolicy", fields{"Name": "pol"})
	if r := got["Resources"].([]any); len(r) != 1 || r[0] != "key/k1" || len(got["Permissions"].([]any)) != 2 || got["Description"] != "new" {
		t.Errorf("policy %v", got)
	}
	point := w.do("CreateApplicationAccessPoint", fields{"Name": "app", "Policies": `["pol"]`, "Description": "d"})
	if point["AuthenticationMethod"] != "ClientKey" || point["Policies"] != `["pol"]` {
		t.Errorf("access point %v", point)
	}
	w.do("UpdateApplicationAccessPoint", fields{"Name": "app", "Policies": `["pol","kmsplan"]`})
	if got := w.do("DescribeApplicationAccessPoint", fields{"Name": "app"}); got["Policies"] != `["pol","kmsplan"]` || got["Description"] != "d" {
		t.Errorf("access point %v", got)
	}
	for op, path := range map[string]string{
		"ListApplicationAccessPoints": "ApplicationAccessPoints.ApplicationAccessPoint",
		"ListNetworkRules":            "NetworkRules.NetworkRule", "ListPolicies": "Policies.Policy",
	} {
		if out := w.do(op, nil); out["TotalCount"] != 2.0 || len(list(out, path)) != 2 {
			t.Errorf("%s: %v", op, out)
		}
	}
	for _, tc := range []struct {
		op   string
		in   fields
		code string
	}{
		{"CreateNetworkRule", fields{"Name": "net", "SourcePrivateIp": `["10.0.0.1"]`}, "Rejected.ResourceExist"},
		{"CreatePolicy", policy, "Rejected.ResourceExist"},
		{"CreateApplicationAccessPoint", fields{"Name": "app", "Policies": `["pol"]`}, "Rejected.ResourceExist"},
	} {
		w.refused(tc.code, 409, tc.op, tc.in)
	}
	w.refused("InvalidParameter", 400, "CreateNetworkRule", fields{"Name": "x", "SourcePrivateIp": `["here"]`})
	w.refused("InvalidParameter", 400, "CreateNetworkRule", fields{"Name": "x", "SourcePrivateIp": `[]`})
	w.refused("InvalidParameter", 400, "CreateNetworkRule", fields{"Name": "x", "SourcePrivateIp": `["10.0.0.1"]`, "Type": "Public"})
	w.refused("InvalidParameter", 400, "CreatePolicy", merge(policy, fields{"Name": "x", "Permissions": `["all"]`}))
	w.refused("InvalidParameter", 400, "CreatePolicy", merge(policy, fields{"Name": "x", "Resources": `["alias/a"]`}))
	w.refused("MissingParameter", 400, "CreatePolicy", merge(policy, fields{"Name": "x", "Resources": nil}))
	w.refused("Forbidden.DKMSInstanceNotFound", 403, "CreatePolicy", merge(policy, fields{"Name": "x", "KmsInstance": "kst-none"}))
	w.refused("InvalidParameter", 400, "CreateApplicationAccessPoint", fields{"Name": "x", "Policies": `["pol","pol","pol","pol"]`})
	w.refused("InvalidParameter", 400, "CreateApplicationAccessPoint", fields{"Name": "x", "Policies": `["pol"]`, "AuthenticationMethod": "RAM"})
	w.refused("InvalidParameter", 400, "CreateApplicationAccessPoint", fields{"Name": "a b", "Policies": `["pol"]`})
	for _, kind := range []string{"NetworkRule", "Policy", "ApplicationAccessPoint"} {
		w.refused("MissingParameter", 400, "Describe"+kind, nil)
		name := map[string]string{"NetworkRule": "net", "Policy": "pol", "ApplicationAccessPoint": "app"}[kind]
		w.do("Delete"+kind, fields{"Name": name})
		for _, verb := range []string{"Describe", "Update", "Delete"} {
			w.refused("Forbidden.ResourceNotFound", 404, verb+kind, fields{"Name": name})
		}
	}
}

func TestClientKeys(t *testing.T) {
	const password = "pass-w0rd-of-the-test"
	w := newWorld(t)
	in := fields{"AapName": "kmsplan", "Password": password}
	made := w.do("CreateClientKey", in)
	id := made["ClientKeyId"].(string)
	if made["KeyAlgorithm"] != "RSA_2048" || made["NotBefore"] != "2026-01-31T10:00:00Z" || made["NotAfter"] != "2031-01-30T10:00:00Z" {
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
	got := w.do("GetClientKey", fields{"ClientKeyId": id})
	if got["PublicKeyData"] != base64.StdEncoding.EncodeToString(certificate.RawSubjectPublicKeyInfo) || got["AapName"] != "kmsplan" {
		t.Errorf("described %v", got)
	}
	kept, found := w.e.ClientKeyByID(id)
	if !found || !kept.ValidAt(began) || kept.ValidAt(began.Add(-time.Second)) || kept.ValidAt(kept.NotAfter) {
		t.Errorf("kept %v %v", kept, found)
	}
	if all := list(w.do("ListClientKeys", fields{"AapName": "kmsplan"}), "ClientKeys"); len(all) != 1 || all[0]["ClientKeyId"] != id {
		t.Errorf("listed %v", all)
	}
	for _, bad := range []string{"short1", "onlyletters", "12345678", "has space 1", "ünicode123", strings.Repeat("a1", 33)} {
		w.refused("InvalidParameter", 400, "CreateClientKey", merge(in, fields{"Password": bad}))
	}
	w.refused("MissingParameter", 400, "CreateClientKey", fields{"AapName": "kmsplan"})
	w.refused("MissingParameter", 400, "CreateClientKey", merge(in, fields{"NotAfter": "2028-01-01T00:00:00Z"}))
	w.refused("InvalidParameter", 400, "CreateClientKey", merge(in, fields{"NotBefore": "2028-01-01T00:00:00Z", "NotAfter": "2027-01-01T00:00:00Z"}))
	w.refused("InvalidParameter", 400, "CreateClientKey", merge(in, fields{"NotBefore": "tomorrow"}))
	w.refused("Forbidden.ResourceNotFound", 404, "CreateClientKey", merge(in, fields{"AapName": "none"}))
	w.refused("Forbidden.ResourceNotFound", 404, "ListClientKeys", fields{"AapName": "none"})

	w.do("CreateClientKey", merge(in, fields{"NotBefore": "2026-01-31T10:00:00Z", "NotAfter": "2026-02-01T10:00:00Z"}))
	if fired := w.advance(days(1)); len(fired) != 1 || fired[0].Event != "client key expired" {
		t.Errorf("fired %v", fired)
	}
	if fired := w.advance(days(1)); len(fired) != 0 {
		t.Errorf("fired again: %v", fired)
	}
	w.do("DeleteClientKey", fields{"ClientKeyId": id})
	w.refused("Forbidden.ResourceNotFound", 404, "DeleteClientKey", fields{"ClientKeyId": id})
	w.refused("Forbidden.ResourceNotFound", 404, "GetClientKey", fields{"ClientKeyId": id})
	if _, found := w.e.ClientKeyByID(id); found {
		t.Error("a deleted client key is still found")
	}
	w.do("DeleteApplicationAccessPoint", fields{"Name": "kmsplan"})
}

func TestKeyPolicies(t *testing.T) {
	w := newWorld(t)
	id, ordinary := w.instanceKey(nil), w.key(nil)
	if got := w.do("GetKeyPolicy", fields{"KeyId": id})["Policy"].(string); !strings.Contains(got, `"acs:ram::`+w.call.Account+`:*"`) {
		t.Errorf("default policy %s", got)
	}
	w.do("SetKeyPolicy", fields{"KeyId": id, "Policy": policyText, "PolicyName": "default"})
	if got := w.do("GetKeyPolicy", fields{"KeyId": id, "PolicyName": "default"})["Policy"]; got != policyText {
		t.Errorf("policy %v", got)
	}
	w.refused("Forbidden.ResourceNotFound", 404, "GetKeyPolicy", fields{"KeyId": id, "PolicyName": "other"})
	w.refused("Forbidden.ResourceNotFound", 404, "SetKeyPolicy", fields{"KeyId": id, "PolicyName": "other", "Policy": policyText})
	w.refused("Forbidden.ResourceNotFound", 404, "GetKeyPolicy", fields{"KeyId": ordinary})
	w.refused("UnsupportedOperation", 400, "SetKeyPolicy", fields{"KeyId": ordinary, "Policy": policyText})
	w.refused("MissingParameter", 400, "SetKeyPolicy", fields{"KeyId": id})
	for _, bad := range []string{"x", "[]", `{"Version":"1","Statement":[]}`, `{"Version":"1","Statement":[{"Effect":"Maybe","Action":"kms:*","Principal":{"RAM":"*"}}]}`, policyText + "x"} {
		w.refused("InvalidParameter", 400, "SetKeyPolicy", fields{"KeyId": id, "Policy": bad})
	}
}

func TestSecretPolicies(t *testing.T) {
	w := newWorld(t)
	w.seed(`{"secrets":[{"name":"in","instance":"` + w.e.Bootstrap().Instance + `","versions":[{"id":"1","data":"x"}]},{"name":"out","versions":[{"id":"1","data":"x"}]}]}`)
	w.do("SetSecretPolicy", fields{"SecretName": "in", "Policy": policyText})
	if got := w.do("GetSecretPolicy", fields{"SecretName": "in"})["Policy"]; got != policyText {
		t.Errorf("policy %v", got)
	}
	w.refused("UnsupportedOperation", 400, "SetSecretPolicy", fields{"SecretName": "out", "Policy": policyText})
	w.refused("Forbidden.ResourceNotFound", 404, "GetSecretPolicy", fields{"SecretName": "out"})
	w.refused("Forbidden.ResourceNotFound", 404, "GetSecretPolicy", fields{"SecretName": "none"})
	w.refused("MissingParameter", 400, "GetSecretPolicy", nil)
}

// In strict mode a key's policy decides who may do what; otherwise it is only kept.
func TestStrictModeEnforcesKeyPolicies(t *testing.T) {
	for _, strict := range []bool{false, true} {
		w := newWorld(t, func(o *engine.Options) { o.Strict = strict })
		id := w.instanceKey(nil)
		w.do("DescribeKey", fields{"KeyId": id})
		w.do("SetKeyPolicy", fields{"KeyId": id, "Policy": `{"Version":"1","Statement":[
			{"Effect":"Allow","Principal":{"RAM":["` + w.call.Principal + `"]},"Action":["kms:Describe*","kms:Encrypt","kms:DisableKey"],"Resource":["*"]},
			{"Effect":"Deny","Principal":{"RAM":"acs:ram::*:user/*"},"Action":"kms:Disable*","Resource":["*"]}]}`})
		w.do("DescribeKey", fields{"KeyId": id})
		for _, op := range []string{"DisableKey", "EnableKey"} { // denied; not allowed
			code, _ := w.refusal(op, fields{"KeyId": id})
			if want := map[bool]string{true: "Forbidden.NoPermission"}[strict]; code != want {
				t.Errorf("strict %v: %s gives %q, want %q", strict, op, code, want)
			}
		}
	}
}

// Another account reaches a key by ARN only if the key's policy names it, strict
// mode or not.
func TestForeignAccountNeedsThePolicy(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(nil)
	arn := w.metadata(id)["Arn"]
	home := w.call
	w.call.Account, w.call.Principal = "2222222222222222", "acs:ram::2222222222222222:root"
	w.refused("Forbidden.NoPermission", 403, "Encrypt", fields{"KeyId": arn, "Plaintext": base64Of("x")})
	w.call = home
	w.do("SetKeyPolicy", fields{"KeyId": id, "Policy": `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":"acs:ram::2222222222222222:*"},"Action":"kms:Encrypt","Resource":"*"}]}`})
	w.call.Account, w.call.Principal = "2222222222222222", "acs:ram::2222222222222222:root"
	w.do("Encrypt", fields{"KeyId": arn, "Plaintext": base64Of("x")})
	w.refused("Forbidden.NoPermission", 403, "DisableKey", fields{"KeyId": arn})
}
