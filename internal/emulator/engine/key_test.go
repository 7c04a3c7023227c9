package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

func TestCreateKeyAnswersWhatTheServiceAnswers(t *testing.T) {
	w := newWorld(t, seeded).withHardware()
	instance := w.e.Bootstrap().Instance
	account := w.call.Account
	for _, tc := range []struct {
		name string
		in   fields
		want fields // nil: the field is absent
	}{
		{"default key", fields{"Description": "d"}, fields{
			"AutomaticRotation": "Disabled", "Creator": account, "DKMSInstanceId": nil, "DeleteDate": "", "Description": "d",
			"KeySpec": "Aliyun_AES_256", "KeyState": "Enabled", "KeyUsage": "ENCRYPT/DECRYPT", "MaterialExpireTime": "",
			"NextRotationDate": nil, "Origin": "Aliyun_KMS", "ProtectionLevel": "SOFTWARE", "RotationInterval": nil,
			"CreationDate": "2026-01-31T10:00:00Z", "LastRotationDate": "2026-01-31T10:00:00Z"}},
		{"rotating", fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "8760h"}, fields{
			"AutomaticRotation": "Enabled", "RotationInterval": "31536000s", "NextRotationDate": "2027-01-31T10:00:00Z", "DKMSInstanceId": instance}},
		{"rotating default key", fields{"EnableAutomaticRotation": true, "RotationInterval": "365d"}, fields{"RotationInterval": "31536000s"}},
		{"interval without rotation", fields{"RotationInterval": "7d"}, fields{"AutomaticRotation": "Disabled", "RotationInterval": nil}},
		{"signing by default", fields{"DKMSInstanceId": instance, "KeySpec": "EC_P256"}, fields{"KeyUsage": "SIGN/VERIFY", "PrimaryKeyVersion": nil}},
		{"encrypting pair", fields{"DKMSInstanceId": instance, "KeySpec": "EC_P256", "KeyUsage": "ENCRYPT/DECRYPT"}, fields{"KeyUsage": "ENCRYPT/DECRYPT"}},
		{"hardware", fields{"DKMSInstanceId": hardware, "ProtectionLevel": "SOFTWARE", "KeySpec": "Aliyun_AES_128"}, fields{"ProtectionLevel": "HSM"}},
		{"software ignores level", fields{"DKMSInstanceId": instance, "ProtectionLevel": "HSM"}, fields{"ProtectionLevel": "SOFTWARE"}},
		{"imported", fields{"Origin": "EXTERNAL"}, fields{"KeyState": "PendingImport", "Origin": "EXTERNAL"}},
		{"sm4 in software", fields{"DKMSInstanceId": instance, "KeySpec": "Aliyun_SM4"}, fields{"KeySpec": "Aliyun_SM4"}},
		{"hsm default key", fields{"ProtectionLevel": "HSM"}, fields{"ProtectionLevel": "HSM"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			created := w.do("CreateKey", tc.in)["KeyMetadata"].(fields)
			id := created["KeyId"].(string)
			if want := fmt.Sprintf("acs:kms:cn-hangzhou:%s:key/%s", account, id); created["Arn"] != want {
				t.Errorf("Arn = %v, want %s", created["Arn"], want)
			}
			described := w.metadata(id)
			if described["DeletionProtection"] != "Disabled" {
				t.Errorf("DeletionProtection = %v", described["DeletionProtection"])
			}
			for field, want := range tc.want {
				for answer, m := range map[string]fields{"CreateKey": created, "DescribeKey": described} {
					if got, present := m[field]; present != (want != nil) || want != nil && got != want {
						t.Errorf("%s: %s = %v, want %v", answer, field, got, want)
					}
				}
			}
		})
	}
}

func TestKeyIDsLookLikeTheService(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct{ id, shape string }{
		{w.key(nil), "00000000-0000-0000-0000-000000000000"},
		{w.instanceKey(nil), "key-hzz000000000000000000"},
	} {
		version := w.metadata(tc.id)["PrimaryKeyVersion"].(string)
		if len(tc.id) != len(tc.shape) || tc.id[:4] != tc.shape[:4] && tc.shape[0] == 'k' {
			t.Errorf("id %q is not like %q", tc.id, tc.shape)
		}
		if len(version) != 36 {
			t.Errorf("version %q has %d characters, ciphertexts need 36", version, len(version))
		}
	}
}

func TestCreateKeyRefusals(t *testing.T) {
	w := newWorld(t, func(o *engine.Options) { o.Quotas.DefaultKeys = 2 }).withHardware()
	instance := w.e.Bootstrap().Instance
	w.seed(`{"instances":[
		{"id":"kst-old","image":"3.1.0"},
		{"id":"kst-new","status":"Uninitialized"},
		{"id":"kst-small","key_num":1}]}`)
	tags := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"TagKey":"k%d","TagValue":"v"}`, i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	for _, tc := range []struct {
		code string
		in   fields
	}{
		{"InvalidParameter", fields{"Description": strings.Repeat("é", 8193)}},
		{"InvalidParameter", fields{"KeySpec": "AES_512"}},
		{"InvalidParameter", fields{"KeyUsage": "SIGN/VERIFY"}},
		{"InvalidParameter", fields{"Origin": "external"}},
		{"InvalidParameter", fields{"ProtectionLevel": "hsm"}},
		{"InvalidParameter", fields{"Tags": "k=v"}},
		{"InvalidParameter", fields{"Tags": tags(21)}},
		{"InvalidParameter", fields{"Tags": `[{"TagKey":"acs:k","TagValue":"v"}]`}},
		{"InvalidParameter", fields{"Tags": `[{"TagKey":"aliyunk","TagValue":"v"}]`}},
		{"InvalidParameter", fields{"Tags": `[{"TagKey":"a b","TagValue":"v"}]`}},
		{"InvalidParameter", fields{"Tags": `[{"TagKey":"a","TagValue":"` + strings.Repeat("v", 129) + `"}]`}},
		{"InvalidParameter", fields{"Tags": `[{"TagKey":"a","TagValue":"1"},{"TagKey":"a","TagValue":"2"}]`}},
		{"MissingParameter", fields{"EnableAutomaticRotation": true}},
		{"InvalidParameter", fields{"EnableAutomaticRotation": true, "RotationInterval": "731d"}},
		{"InvalidParameter", fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "6d"}},
		{"InvalidParameter", fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "731d"}},
		{"InvalidParameter", fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "1w"}},
		{"InvalidParameter", fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "99999999999999999999d"}},
		{"UnsupportedOperation", fields{"DKMSInstanceId": hardware, "EnableAutomaticRotation": true, "RotationInterval": "30d"}},
		{"UnsupportedOperation", fields{"DKMSInstanceId": instance, "KeySpec": "EC_P256", "EnableAutomaticRotation": true, "RotationInterval": "30d"}},
		{"UnsupportedOperation", fields{"Origin": "EXTERNAL", "EnableAutomaticRotation": true, "RotationInterval": "365d"}},
		{"UnsupportedOperation", fields{"KeySpec": "RSA_2048"}},
		{"UnsupportedOperation", fields{"DKMSInstanceId": instance, "KeySpec": "Aliyun_AES_128"}},
		{"UnsupportedOperation", fields{"DKMSInstanceId": "kst-old", "KeySpec": "Aliyun_SM4"}},
		{"UnsupportedOperation", fields{"DKMSInstanceId": "kst-old", "KeySpec": "HMAC_SHA256"}},
		{"UnsupportedOperation", fields{"DKMSInstanceId": instance, "Origin": "EXTERNAL"}},
		{"UnsupportedOperation", fields{"DKMSInstanceId": hardware, "KeySpec": "RSA_2048", "Origin": "EXTERNAL"}},
		{"UnsupportedOperation", fields{"Policy": policyText}},
		{"InvalidParameter", fields{"DKMSInstanceId": instance, "Policy": "{}"}},
		{"InvalidParameter", fields{"DKMSInstanceId": instance, "Policy": policyText + strings.Repeat(" ", 32768)}},
	} {
		w.refused(tc.code, 400, "CreateKey", tc.in)
	}
	w.refused("Forbidden.DKMSInstanceNotFound", 403, "CreateKey", fields{"DKMSInstanceId": "kst-none"})
	w.refused("Forbidden.DKMSInstanceStateInvalid", 403, "CreateKey", fields{"DKMSInstanceId": "kst-new"})
	if n := w.do("ListKeys", nil)["TotalCount"]; n != 0.0 {
		t.Errorf("refused calls left %v keys", n)
	}
	w.key(nil)
	w.key(nil)
	w.refused("Rejected.LimitExceeded", 400, "CreateKey", nil)
	w.key(fields{"DKMSInstanceId": "kst-small"})
	w.refused("Rejected.LimitExceeded", 400, "CreateKey", fields{"DKMSInstanceId": "kst-small"})
}

func TestKeysAreFoundByIDAliasAndARN(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(nil)
	w.do("CreateAlias", fields{"AliasName": "alias/a", "KeyId": id})
	keyARN := w.metadata(id)["Arn"].(string)
	aliasARN := "acs:kms:cn-hangzhou:" + w.call.Account + ":alias/a"
	for _, name := range []string{id, "alias/a", keyARN, aliasARN} {
		if got := w.metadata(name)["KeyId"]; got != id {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, op := range []string{"DescribeKey", "EnableKey", "ListKeyVersions", "ListResourceTags"} {
		w.refused("MissingParameter", 400, op, nil)
		w.refused("MissingParameter", 400, op, fields{"KeyId": ""})
		w.refused("Forbidden.KeyNotFound", 404, op, fields{"KeyId": "none"})
		w.refused("Forbidden.KeyNotFound", 404, op, fields{"KeyId": strings.Replace(keyARN, "hangzhou", "shanghai", 1)})
		w.refused("InvalidParameter", 400, op, fields{"KeyId": "acs:kms"})
	}
	for _, op := range []string{"DescribeKey", "ListKeyVersions", "CreateKeyVersion"} {
		w.refused("Forbidden.AliasNotFound", 404, op, fields{"KeyId": "alias/none"})
	}
	for _, op := range []string{"EnableKey", "DisableKey", "CancelKeyDeletion", "UpdateKeyDescription", "ListResourceTags", "ListAliasesByKeyId", "GetKeyPolicy"} {
		w.refused("Unsupported.Alias", 400, op, fields{"KeyId": "alias/a"})
	}
}

// Accounts and regions do not see each other.
func TestScopesAreApart(t *testing.T) {
	w := newWorld(t)
	id := w.key(nil)
	w.do("CreateAlias", fields{"AliasName": "alias/a", "KeyId": id})
	for _, there := range []func(*engine.Call){
		func(c *engine.Call) { c.Region = "cn-shanghai" },
		func(c *engine.Call) { c.Account = "2222222222222222" },
	} {
		home := w.call
		there(&w.call)
		w.refused("Forbidden.KeyNotFound", 404, "DescribeKey", fields{"KeyId": id})
		w.refused("Forbidden.AliasNotFound", 404, "DescribeKey", fields{"KeyId": "alias/a"})
		if n := w.do("ListKeys", nil)["TotalCount"]; n != 0.0 {
			t.Errorf("%v keys are visible", n)
		}
		w.do("CreateAlias", fields{"AliasName": "alias/a", "KeyId": w.key(nil)})
		w.call = home
	}
}

func TestKeyLife(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(fields{"Description": "d"})
	key := fields{"KeyId": id}
	state := func(want string) {
		t.Helper()
		if got := w.metadata(id)["KeyState"]; got != want {
			t.Errorf("KeyState = %v, want %s", got, want)
		}
	}
	w.do("DisableKey", key)
	w.do("DisableKey", key)
	state("Disabled")
	w.refused("MissingParameter", 400, "ScheduleKeyDeletion", key)
	for _, n := range []int{0, 6, 367} {
		w.refused("InvalidParameter", 400, "ScheduleKeyDeletion", fields{"KeyId": id, "PendingWindowInDays": n})
	}
	w.do("ScheduleKeyDeletion", fields{"KeyId": id, "PendingWindowInDays": 366})
	if got := w.metadata(id)["DeleteDate"]; got != "2027-02-01T10:00:00Z" {
		t.Errorf("DeleteDate = %v", got)
	}
	w.do("CancelKeyDeletion", key)
	state("Enabled")
	if got := w.metadata(id)["DeleteDate"]; got != "" {
		t.Errorf("DeleteDate after CancelKeyDeletion = %v", got)
	}
	w.do("UpdateKeyDescription", fields{"KeyId": id, "Description": "new"})
	if got := w.metadata(id)["Description"]; got != "new" {
		t.Errorf("Description = %v", got)
	}
	w.do("UpdateKeyDescription", key)
	if got := w.metadata(id)["Description"]; got != "" {
		t.Errorf("Description = %v, want none", got)
	}
	w.refused("InvalidParameter", 400, "UpdateKeyDescription", fields{"KeyId": id, "Description": strings.Repeat("x", 8193)})
}

func TestScheduledKeyDiesAtItsSecond(t *testing.T) {
	w := newWorld(t)
	id, other := w.instanceKey(nil), w.instanceKey(nil)
	for _, a := range []string{"alias/one", "alias/two"} {
		w.do("CreateAlias", fields{"AliasName": a, "KeyId": id})
	}
	w.do("CreateAlias", fields{"AliasName": "alias/other", "KeyId": other})
	w.do("ScheduleKeyDeletion", fields{"KeyId": id, "PendingWindowInDays": 7})
	if fired := w.advance(days(7) - time.Second); len(fired) != 0 {
		t.Errorf("a second before: %v", fired)
	}
	w.metadata(id)
	fired := w.advance(time.Second)
	if len(fired) != 1 || fired[0].Event != "key deleted" || fired[0].Resource != id || !fired[0].At.Equal(began.Add(days(7))) {
		t.Errorf("fired %+v", fired)
	}
	w.refused("Forbidden.KeyNotFound", 404, "DescribeKey", fields{"KeyId": id})
	w.refused("Forbidden.AliasNotFound", 404, "DescribeKey", fields{"KeyId": "alias/one"})
	w.refused("Forbidden.KeyNotFound", 404, "CancelKeyDeletion", fields{"KeyId": id})
	if all := list(w.do("ListAliases", nil), "Aliases.Alias"); len(all) != 1 || all[0]["AliasName"] != "alias/other" {
		t.Errorf("aliases left: %v", all)
	}
	if all := list(w.do("ListKeys", nil), "Keys.Key"); len(all) != 1 || all[0]["KeyId"] != other {
		t.Errorf("keys left: %v", all)
	}
}

// A rescued key does not die.
func TestRescuedKeyLives(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(nil)
	w.do("ScheduleKeyDeletion", fields{"KeyId": id, "PendingWindowInDays": 7})
	w.advance(days(7) - time.Second)
	w.do("CancelKeyDeletion", fields{"KeyId": id})
	if fired := w.advance(days(30)); len(fired) != 0 {
		t.Errorf("fired %v", fired)
	}
	w.metadata(id)
}

func TestDeletionProtection(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(nil)
	instance := w.e.Bootstrap().Instance
	arn := w.metadata(id)["Arn"]
	schedule := fields{"KeyId": id, "PendingWindowInDays": 7}
	for _, name := range []fields{{"ProtectedResourceArn": arn}, {"KeyId": id}} {
		set := func(on bool, why string) {
			in := fields{"EnableDeletionProtection": on, "DeletionProtectionDescription": why}
			for k, v := range name {
				in[k] = v
			}
			w.do("SetDeletionProtection", in)
		}
		set(true, "because")
		if m := w.metadata(id); m["DeletionProtection"] != "Enabled" || m["DeletionProtectionDescription"] != "because" {
			t.Errorf("metadata %v", m)
		}
		w.refused("Forbidden.ProhibitedByDeletionProtection", 403, "ScheduleKeyDeletion", schedule)
		set(false, "ignored")
		if m := w.metadata(id); m["DeletionProtection"] != "Disabled" || m["DeletionProtectionDescription"] != nil {
			t.Errorf("metadata %v", m)
		}
	}
	for _, name := range []fields{{"KmsInstanceId": instance}, {"ProtectedResourceArn": "acs:kms:cn-hangzhou:" + w.call.Account + ":keystore/" + instance}} {
		name["EnableDeletionProtection"] = true
		w.do("SetDeletionProtection", name)
	}
	w.refused("MissingParameter", 400, "SetDeletionProtection", fields{"KeyId": id})
	w.refused("MissingParameter", 400, "SetDeletionProtection", fields{"EnableDeletionProtection": true})
	w.refused("InvalidParameter", 400, "SetDeletionProtection", fields{"EnableDeletionProtection": true, "ProtectedResourceArn": id})
	w.refused("Forbidden.DKMSInstanceNotFound", 403, "SetDeletionProtection", fields{"EnableDeletionProtection": true, "KmsInstanceId": "kst-none"})
	w.do("ScheduleKeyDeletion", schedule)
}

func TestListKeysFilters(t *testing.T) {
	w := newWorld(t).withHardware()
	next := func(id string) string { w.advance(time.Millisecond); return id }
	aes, ec, disabled := next(w.key(nil)), next(w.instanceKey(fields{"KeySpec": "EC_P256"})), next(w.instanceKey(nil))
	w.do("DisableKey", fields{"KeyId": disabled})
	hsm := next(w.key(fields{"DKMSInstanceId": hardware}))
	w.seed(`{"keys":[{"id":"service","service":true}]}`)
	for _, tc := range []struct {
		filters string
		want    []string
	}{
		{``, []string{aes, ec, disabled, hsm, "service"}},
		{`[]`, []string{aes, ec, disabled, hsm, "service"}},
		{`[{"Key":"KeyState","Values":["Disabled"]}]`, []string{disabled}},
		{`[{"Key":"KeyState","Values":[]}]`, []string{aes, ec, disabled, hsm, "service"}},
		{`[{"Key":"KeyState","Values":["PendingDeletion"]}]`, nil},
		{`[{"Key":"KeySpec","Values":["EC_P256","RSA_2048"]}]`, []string{ec}},
		{`[{"Key":"KeyUsage","Values":["SIGN/VERIFY"]}]`, []string{ec}},
		{`[{"Key":"ProtectionLevel","Values":["HSM"]}]`, []string{hsm}},
		{`[{"Key":"CreatorType","Values":["Service"]}]`, []string{"service"}},
		{`[{"Key":"DKMSInstanceId","Values":["` + hardware + `"]}]`, []string{hsm}},
		{`[{"Key":"KeyState","Values":["Enabled"]},{"Key":"KeySpec","Values":["EC_P256"]}]`, []string{ec}},
		{`[{"Key":"KeySpec","Values":["EC_P256"]},{"Key":"KeySpec","Values":["Aliyun_AES_256"]},{"Key":"KeyState","Values":["Disabled"]}]`, []string{disabled}},
	} {
		out := w.do("ListKeys", fields{"Filters": tc.filters})
		var got []string
		for _, k := range list(out, "Keys.Key") {
			got = append(got, k["KeyId"].(string))
		}
		if !slices.Equal(got, tc.want) || out["TotalCount"] != float64(len(tc.want)) {
			t.Errorf("%s: %v of %v, want %v", tc.filters, got, out["TotalCount"], tc.want)
		}
	}
	for _, bad := range []string{
		`{}`, `[{"Key":"Color"}]`, `x`, `[] []`,
		`[` + strings.Repeat(`{"Key":"KeyState"},`, 10) + `{"Key":"KeyState"}]`,
		`[{"Key":"KeyState","Values":["1","2","3","4","5","6","7","8","9","10","11"]}]`,
	} {
		w.refused("InvalidParameter", 400, "ListKeys", fields{"Filters": bad})
	}
}

// Pages put together are the whole list, in one order, whatever their size.
func TestPagesMakeUpTheList(t *testing.T) {
	const keys = 23
	w := newWorld(t, generous)
	var ids, aliases []string
	for i := range keys {
		w.advance(time.Duration(i%3) * time.Second) // several keys share an instant
		id := w.key(nil)
		alias := fmt.Sprintf("alias/%02d", keys-i)
		w.do("CreateAlias", fields{"AliasName": alias, "KeyId": firstOr(ids, id)})
		ids, aliases = append(ids, id), append(aliases, alias)
	}
	rotated := w.instanceKey(nil)
	ids = append(ids, rotated)
	for range keys - 1 {
		w.do("CreateKeyVersion", fields{"KeyId": rotated})
	}
	lists := []struct {
		op, path, field string
		in              fields
		total           int
	}{
		{"ListKeys", "Keys.Key", "KeyId", fields{}, keys + 1},
		{"ListKeys", "Keys.Key", "KeyId", fields{"Filters": `[{"Key":"KeyState","Values":["Enabled"]}]`}, keys + 1},
		{"ListAliases", "Aliases.Alias", "AliasName", fields{}, keys},
		{"ListAliasesByKeyId", "Aliases.Alias", "AliasName", fields{"KeyId": ids[0]}, keys},
		{"ListKeyVersions", "KeyVersions.KeyVersion", "KeyVersionId", fields{"KeyId": rotated}, keys},
	}
	rapid.Check(t, func(rt *rapid.T) {
		l := rapid.SampledFrom(lists).Draw(rt, "list")
		size := rapid.IntRange(1, 100).Draw(rt, "size")
		var got []string
		for number := 1; ; number++ {
			in := fields{"PageNumber": number, "PageSize": size}
			for k, v := range l.in {
				in[k] = v
			}
			out := w.do(l.op, in)
			if out["TotalCount"] != float64(l.total) || out["PageNumber"] != float64(number) || out["PageSize"] != float64(size) {
				rt.Fatalf("%s page %d: %v", l.op, number, out)
			}
			page := list(out, l.path)
			if want := min(size, max(0, l.total-(number-1)*size)); len(page) != want {
				rt.Fatalf("%s page %d of size %d has %d items, want %d", l.op, number, size, len(page), want)
			}
			for _, item := range page {
				got = append(got, item[l.field].(string))
			}
			if len(page) < size {
				break
			}
		}
		whole := list(w.do(l.op, merge(l.in, fields{"PageSize": 100})), l.path)
		for i, item := range whole {
			if got[i] != item[l.field] {
				rt.Fatalf("%s: item %d is %s by pages of %d, %v at once", l.op, i, got[i], size, item[l.field])
			}
		}
	})
	for _, l := range lists {
		for _, bad := range []fields{{"PageNumber": 0}, {"PageNumber": -1}, {"PageNumber": 1 << 40}, {"PageSize": 0}, {"PageSize": 102}} {
			w.refused("InvalidParameter", 400, l.op, merge(l.in, bad))
		}
		if out := w.do(l.op, l.in); out["PageSize"] != 10.0 || out["PageNumber"] != 1.0 {
			t.Errorf("%s: default page %v of size %v", l.op, out["PageNumber"], out["PageSize"])
		}
		if out := w.do(l.op, merge(l.in, fields{"PageNumber": 1<<31 - 1, "PageSize": 100})); len(list(out, l.path)) != 0 {
			t.Errorf("%s: the last possible page is not empty", l.op)
		}
	}
	// Keys come in the order of their creation.
	created := list(w.do("ListAliases", fields{"PageSize": 100}), "Aliases.Alias")
	var seconds []string
	for _, k := range list(w.do("ListKeys", fields{"PageSize": 100}), "Keys.Key") {
		seconds = append(seconds, w.metadata(k["KeyId"].(string))["CreationDate"].(string))
	}
	if !slices.IsSorted(seconds) || len(created) != len(aliases) {
		t.Errorf("keys are listed by creation %v", seconds)
	}
}

// firstOr is the first of the ids, or first: all aliases point to the first key.
func firstOr(ids []string, first string) string {
	if len(ids) > 0 {
		return ids[0]
	}
	return first
}

func merge(a, b fields) fields {
	all := fields{}
	for _, m := range []fields{a, b} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

func TestEmptyListsAreArrays(t *testing.T) {
	w := newWorld(t)
	w.call.Region = "cn-shanghai" // nothing there
	id := w.key(nil)
	for _, tc := range []struct {
		op, path string
		in       fields
	}{
		{"ListAliases", "Aliases.Alias", nil},
		{"ListAliasesByKeyId", "Aliases.Alias", fields{"KeyId": id}},
		{"ListResourceTags", "Tags.Tag", fields{"KeyId": id}},
		{"ListTagResources", "TagResources.TagResource", fields{"ResourceType": "key", "ResourceId": []string{id}}},
		{"ListKmsInstances", "KmsInstances.KmsInstance", nil},
		{"ListApplicationAccessPoints", "ApplicationAccessPoints.ApplicationAccessPoint", nil},
		{"ListNetworkRules", "NetworkRules.NetworkRule", nil},
		{"ListPolicies", "Policies.Policy", nil},
		{"ListSecrets", "SecretList.Secret", nil},
		{"ListKeys", "Keys.Key", fields{"PageNumber": 2}},
		{"ListKeyVersions", "KeyVersions.KeyVersion", fields{"KeyId": id, "PageNumber": 2}},
	} {
		if all := list(w.do(tc.op, tc.in), tc.path); len(all) != 0 {
			t.Errorf("%s: %v", tc.op, all)
		}
	}
}
