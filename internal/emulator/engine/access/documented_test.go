package access_test

import (
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

// What the pages of the operations on instances and of what opens them say, as the
// comments of the vendor's SDK (kms-20160120/v3 v3.2.3, client.go) repeat them.

// TestListsOfAccessHaveTwentyEntries: "PageSize … Default value: 20" (ListKmsInstances,
// ListPolicies, ListNetworkRules, ListApplicationAccessPoints), where the lists of keys,
// aliases and secrets say 10.
func TestListsOfAccessHaveTwentyEntries(t *testing.T) {
	w := enginetest.NewWorld(t)
	for i := range 22 {
		w.Do("CreateNetworkRule", enginetest.Fields{"Name": fmt.Sprint("rule", i), "Type": "Private"})
		w.Do("CreatePolicy", enginetest.Fields{"Name": fmt.Sprint("policy", i), "Permissions": "[]", "Resources": "[]"})
		w.Do("CreateApplicationAccessPoint", enginetest.Fields{"Name": fmt.Sprint("point", i), "Policies": `["none"]`})
		w.Seed(fmt.Sprintf(`{"instances":[{"id":"kst-%d"}]}`, i))
		w.Key(nil)
	}
	for operation, c := range map[string]struct {
		list string
		size int
	}{
		"ListNetworkRules":            {"NetworkRules.NetworkRule", 20},
		"ListPolicies":                {"Policies.Policy", 20},
		"ListApplicationAccessPoints": {"ApplicationAccessPoints.ApplicationAccessPoint", 20},
		"ListKmsInstances":            {"KmsInstances.KmsInstance", 20},
		"ListKeys":                    {"Keys.Key", 10},
	} {
		got := w.Do(operation, nil)
		if n := len(enginetest.List(got, c.list)); n != c.size || got["PageSize"] != float64(c.size) {
			t.Errorf("%s: %d entries, PageSize %v; want %d", operation, n, got["PageSize"], c.size)
		}
		if n := len(enginetest.List(w.Do(operation, enginetest.Fields{"PageSize": 3}), c.list)); n != 3 {
			t.Errorf("%s: %d entries of 3", operation, n)
		}
	}
}

// TestARNsOfAccess: the samples of CreateNetworkRule (…:network/networkrule_test), CreatePolicy,
// CreateApplicationAccessPoint and ListKmsInstances.
func TestARNsOfAccess(t *testing.T) {
	w := enginetest.NewWorld(t)
	for operation, c := range map[string]struct {
		in   enginetest.Fields
		want string
	}{
		"CreateNetworkRule":            {enginetest.Fields{"Type": "Private"}, "network/x"},
		"CreatePolicy":                 {enginetest.Fields{"Permissions": "[]", "Resources": "[]"}, "policy/x"},
		"CreateApplicationAccessPoint": {enginetest.Fields{"Policies": `["none"]`}, "applicationaccesspoint/x"},
	} {
		want := "acs:kms:" + w.Call.Region + ":" + w.Call.Account + ":" + c.want
		if got := w.Do(operation, enginetest.Merge(c.in, enginetest.Fields{"Name": "x"}))["Arn"]; got != want {
			t.Errorf("%s: %v, want %s", operation, got, want)
		}
		describe := strings.Replace(operation, "Create", "Describe", 1)
		if got := w.Do(describe, enginetest.Fields{"Name": "x"})["Arn"]; got != want {
			t.Errorf("%s: %v, want %s", describe, got, want)
		}
	}
}

// TestNetworkRulesNeedATypeAndNoSources: CreateNetworkRule's page requires Name and Type alone.
func TestNetworkRulesNeedATypeAndNoSources(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Refused("MissingParameter", 400, "CreateNetworkRule", enginetest.Fields{"Name": "x", "SourcePrivateIp": `["10.0.0.1"]`})
	w.Do("CreateNetworkRule", enginetest.Fields{"Name": "x", "Type": "Private"})
	if got := w.Do("DescribeNetworkRule", enginetest.Fields{"Name": "x"})["SourcePrivateIp"]; got != "[]" {
		t.Errorf("sources %v", got)
	}
	w.Do("UpdateNetworkRule", enginetest.Fields{"Name": "x", "SourcePrivateIp": `["10.0.0.1"]`})
}

// TestClientKeysAreFiveYearsOldFromCreation: "If you do not configure NotAfter, the default value is the
// time when the client key was created plus five years", a start of its own or not (CreateClientKey).
func TestClientKeysAreFiveYearsOldFromCreation(t *testing.T) {
	w := enginetest.NewWorld(t)
	in := enginetest.Fields{"AapName": "kmsplan", "Password": "pass-w0rd-of-the-test"}
	for _, from := range []any{nil, "2026-01-31T10:00:00Z", "2025-06-01T00:00:00Z", "2027-01-01T00:00:00Z"} {
		if got := w.Do("CreateClientKey", enginetest.Merge(in, enginetest.Fields{"NotBefore": from}))["NotAfter"]; got != "2031-01-31T10:00:00Z" {
			t.Errorf("from %v until %v", from, got)
		}
	}
	w.Refused("InvalidParameter", 400, "CreateClientKey", enginetest.Merge(in, enginetest.Fields{"NotBefore": "2031-01-31T10:00:00Z"}))
}

// TestListClientKeysOfEveryPoint: ListClientKeys does not require AapName.
func TestListClientKeysOfEveryPoint(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Do("CreateApplicationAccessPoint", enginetest.Fields{"Name": "other", "Policies": `["none"]`})
	for _, point := range []string{"kmsplan", "other"} {
		w.Do("CreateClientKey", enginetest.Fields{"AapName": point, "Password": "pass-w0rd-of-the-test"})
	}
	for point, want := range map[string]int{"": 2, "kmsplan": 1, "other": 1} {
		if all := enginetest.List(w.Do("ListClientKeys", enginetest.Fields{"AapName": point}), "ClientKeys"); len(all) != want {
			t.Errorf("of %q: %d client keys, want %d", point, len(all), want)
		}
	}
}

// TestConnectKmsInstanceTakesAliyunAlone: "KMProvider … Set the value to Aliyun", and "You cannot enable instances
// of the hardware key management type" (ConnectKmsInstance).
func TestConnectKmsInstanceTakesAliyunAlone(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Seed(`{"instances":[{"id":"kst-soft","status":"Uninitialized"},{"id":"kst-hard","kind":"hardware","status":"Uninitialized"}]}`)
	connect := enginetest.Fields{"KmsInstanceId": "kst-soft", "VpcId": "v", "ZoneIds": "a,b", "VSwitchIds": "s"}
	w.Refused("MissingParameter", 400, "ConnectKmsInstance", connect)
	w.Refused("InvalidParameter", 400, "ConnectKmsInstance", enginetest.Merge(connect, enginetest.Fields{"KMProvider": "Other"}))
	w.Refused("UnsupportedOperation", 400, "ConnectKmsInstance", enginetest.Merge(connect, enginetest.Fields{"KMProvider": "Aliyun", "KmsInstanceId": "kst-hard"}))
	w.Do("ConnectKmsInstance", enginetest.Merge(connect, enginetest.Fields{"KMProvider": "Aliyun"}))
}
